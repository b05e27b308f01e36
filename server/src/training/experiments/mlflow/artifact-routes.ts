import { posix } from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { errors } from '../../../base/errors.ts';
import { replyWithMlflowError } from '../../../http/mlflow/failures.ts';
import { findText, toFields } from '../../../http/mlflow/fields.ts';
import { sendDownload } from '../../../http/send-download.ts';
import { parseArtifactFolder } from '../artifact-path.ts';
import type { Experiments } from '../service.ts';
import { toMlflowFiles } from './replies.ts';

export const root = '/mlflow-artifacts';

/** Where in the tree of artifacts a path leads: into a run, or to a place that holds nothing. */
export type Place = { readonly run: string; readonly path: string } | null;

/** The part of MLflow's API that carries files, `mlflow-artifacts:/<experiment>/<run>/artifacts/…`, both ways as streams. */
export function addArtifactRoutes(http: FastifyInstance, base: string, experiments: Experiments): void {
  const readable = { permission: 'read' } as const;
  const writable = { permission: 'write' } as const;
  http.setErrorHandler(replyWithMlflowError);
  // Whatever a file calls itself, JSON included, it is bytes.
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

  http.get(`${base}${root}/artifacts`, { config: readable }, async (request) => {
    const place = toPlace(findText(toFields(request.query), 'path') ?? '');
    if (!place) return {};
    return listFiles(experiments, place, request);
  });

  http.route({
    method: ['GET', 'HEAD'],
    url: `${base}${root}/artifacts/*`,
    config: readable,
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const { run, path } = getPlace(request);
      return sendDownload(request, reply, await experiments.getArtifact({ id: run, path }, request.caller));
    },
  });

  http.put(`${base}${root}/artifacts/*`, { config: writable }, async (request) => {
    const { run, path } = getPlace(request);
    const content = request.body instanceof Readable ? request.body : Readable.from([]);
    await experiments.putArtifact({ id: run, path, content }, request.caller);
    return {};
  });

  http.delete(`${base}${root}/artifacts/*`, { config: writable }, async (request) => {
    const { run, path } = getPlace(request);
    await experiments.deleteArtifacts(run, path, request.caller);
    return {};
  });

  http.all(`${base}${root}/presigned/*`, { config: readable }, async () => {
    throw errors.notImplemented({ what: 'Download by presigned address' });
  });
}

/** An unknown run is a folder that is not there: the client asks for such and expects an empty list. */
async function listFiles(experiments: Experiments, place: NonNullable<Place>, request: FastifyRequest) {
  const { run, path } = place;
  try {
    const { files } = await experiments.listArtifacts({ id: run, path }, request.caller);
    return toMlflowFiles(files, posix.basename);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'runNotFound') return {};
    throw error;
  }
}

export function getPlace(request: FastifyRequest): NonNullable<Place> {
  const path = findText(toFields(request.params), '*') ?? '';
  const place = toPlace(path);
  if (!place) {
    throw errors.artifactPathInvalid({
      path: path.slice(0, 200),
      reason: 'artifacts lie at <experiment>/<run>/artifacts/<path>',
    });
  }
  return place;
}

export function toPlace(given: string): Place {
  const [experiment, run, folder, ...rest] = parseArtifactFolder(given).split('/');
  if (!experiment || !run || folder !== 'artifacts') return null;
  return { run, path: rest.join('/') };
}
