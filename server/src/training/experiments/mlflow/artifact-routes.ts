import { posix } from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type ErrorCode, errors, TidemillError } from '../../../base/errors.ts';
import { replyWithMlflowError } from '../../../http/mlflow/failures.ts';
import { findText, toFields } from '../../../http/mlflow/fields.ts';
import { sendDownload } from '../../../http/send-download.ts';
import type { Experiments } from '../service.ts';
import { toMlflowFiles } from './replies.ts';
import { artifactOf, getPlace, type Place, root, toPlace } from './resources.ts';

const unknownOwner: readonly string[] = ['runNotFound', 'loggedModelNotFound'] satisfies ErrorCode[];

/** The part of MLflow's API that carries files, `mlflow-artifacts:/<experiment>/<run>/artifacts/…` or `/<experiment>/models/<model>/artifacts/…`, both ways as streams. */
export function addArtifactRoutes(http: FastifyInstance, base: string, experiments: Experiments): void {
  const readable = { permission: 'read' } as const;
  const writable = { permission: 'write', resources: artifactOf, byJobs: true } as const;
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
      const { owner, path } = getPlace(request);
      return sendDownload(request, reply, await experiments.getArtifact({ id: owner, path }, request.caller));
    },
  });

  http.put(`${base}${root}/artifacts/*`, { config: writable }, async (request) => {
    const { owner, path } = getPlace(request);
    const content = request.body instanceof Readable ? request.body : Readable.from([]);
    await experiments.putArtifact({ id: owner, path, content }, request.caller);
    return {};
  });

  http.delete(`${base}${root}/artifacts/*`, { config: writable }, async (request) => {
    const { owner, path } = getPlace(request);
    await experiments.deleteArtifacts(owner, path, request.caller);
    return {};
  });

  http.all(`${base}${root}/presigned/*`, { config: readable }, async () => {
    throw errors.notImplemented({ what: 'Download by presigned address' });
  });
}

/** An unknown run or model is a folder that is not there: the client asks for such and expects an empty list. */
async function listFiles(experiments: Experiments, place: NonNullable<Place>, request: FastifyRequest) {
  const { owner, path } = place;
  try {
    const { files } = await experiments.listArtifacts({ id: owner, path }, request.caller);
    return toMlflowFiles(files, posix.basename);
  } catch (error) {
    if (error instanceof TidemillError && unknownOwner.includes(error.code)) return {};
    throw error;
  }
}
