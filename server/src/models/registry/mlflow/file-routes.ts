import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { errors } from '../../../base/errors.ts';
import { replyWithMlflowError } from '../../../http/mlflow/failures.ts';
import { getInteger, getText, toFields } from '../../../http/mlflow/fields.ts';
import { mlflowBases } from '../../../http/mlflow/mlflow-api.ts';
import { sendDownload } from '../../../http/send-download.ts';
import { parseArtifactPath } from '../../../training/experiments/service.ts';
import type { Registry } from '../service.ts';

/** A file of a model version, at the root where MLflow's pages look for it, and below the prefixes. */
export const mlflowFileRoutes =
  (registry: Pick<Registry, 'getFile' | 'getVersion'>): FastifyPluginAsync =>
  async (http) => {
    http.setErrorHandler(replyWithMlflowError);
    for (const base of ['', ...mlflowBases.map((prefix) => `${prefix}/mlflow`)]) {
      http.route({
        method: ['GET', 'HEAD'],
        url: `${base}/model-versions/get-artifact`,
        config: { permission: 'read' },
        exposeHeadRoute: false,
        handler: async (request, reply) => sendDownload(request, reply, await getFile(registry, request)),
      });
    }
  };

async function getFile(registry: Pick<Registry, 'getFile' | 'getVersion'>, request: FastifyRequest) {
  const query = toFields(request.query);
  const key = { name: getText(query, 'name'), version: String(getInteger(query, 'version')) };
  const path = parseArtifactPath(getText(query, 'path'));
  const { files } = await registry.getVersion(key, request.caller);
  if (files.some((file) => file.path.startsWith(`${path}/`)))
    throw errors.artifactPathInvalid({ path, reason: 'it is a folder, not a file' });
  return registry.getFile({ ...key, path }, request.caller);
}
