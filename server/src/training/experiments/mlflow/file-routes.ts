import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errors, TidemillError } from '../../../base/errors.ts';
import { replyWithMlflowError } from '../../../http/mlflow/failures.ts';
import { type Fields, findText, getText, toFields } from '../../../http/mlflow/fields.ts';
import { sendDownload } from '../../../http/send-download.ts';
import type { Experiments } from '../service.ts';
import { queriedRunOf } from './resources.ts';

/** What MLflow's own pages upload. */
const uploadBodyLimit = 10 * 1024 * 1024;

/** The doors of MLflow's pages to single files, beside the proxy that its clients use. */
export function addFileRoutes(http: FastifyInstance, base: string, experiments: Experiments): void {
  http.setErrorHandler(replyWithMlflowError);
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  http.post(
    `${base}/mlflow/upload-artifact`,
    { config: { permission: 'write', resources: queriedRunOf, byJobs: true }, bodyLimit: uploadBodyLimit },
    async (request) => {
      const query = toFields(request.query);
      const { body } = request;
      if (!(body instanceof Uint8Array) || body.byteLength === 0)
        throw errors.trackingValueInvalid({ where: 'body', reason: 'it is empty; send the file as it is' });
      const input = { id: getRunId(query), path: getText(query, 'path'), content: body };
      await experiments.putArtifact(input, request.caller);
      return {};
    },
  );

  addFileRoute(http, `${base}/mlflow/logged-models/:model_id/artifacts/files`, experiments, (request) => ({
    id: getText(toFields(request.params), 'model_id'),
    path: getText(toFields(request.query), 'artifact_file_path'),
  }));
  addGetArtifactRoute(http, `${base}/mlflow`, experiments);
}

/** At the root, where MLflow's pages look for it. */
export function addRootFileRoutes(http: FastifyInstance, experiments: Experiments): void {
  http.setErrorHandler(replyWithMlflowError);
  addGetArtifactRoute(http, '', experiments);
}

function addGetArtifactRoute(http: FastifyInstance, base: string, experiments: Experiments): void {
  addFileRoute(http, `${base}/get-artifact`, experiments, ({ query }) => ({
    id: getRunId(toFields(query)),
    path: getText(toFields(query), 'path'),
  }));
}

function addFileRoute(
  http: FastifyInstance,
  url: string,
  experiments: Experiments,
  toInput: (request: FastifyRequest) => { id: string; path: string },
): void {
  http.route({
    method: ['GET', 'HEAD'],
    url,
    config: { permission: 'read' },
    exposeHeadRoute: false,
    handler: async (request, reply) => sendFile(experiments, toInput(request), request, reply),
  });
}

async function sendFile(
  experiments: Experiments,
  input: { id: string; path: string },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  try {
    return await sendDownload(request, reply, await experiments.getArtifact(input, request.caller));
  } catch (error) {
    if (!(error instanceof TidemillError) || error.code !== 'artifactNotFound') throw error;
    const { files } = await experiments.listArtifacts(input, request.caller);
    if (files.length === 0) throw error;
    throw errors.artifactPathInvalid({ path: input.path, reason: 'it is a folder, not a file' });
  }
}

const getRunId = (fields: Fields): string =>
  findText(fields, 'run_id') || getText({ run_id: fields.run_uuid }, 'run_id');
