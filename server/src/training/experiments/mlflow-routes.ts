import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import { errors } from '../../base/errors.ts';
import { addArtifactRoutes } from './mlflow/artifact-routes.ts';
import { experimentOperations } from './mlflow/experiment-operations.ts';
import { replyWithMlflowError } from './mlflow/failures.ts';
import { parseBody, toFields } from './mlflow/fields.ts';
import type { Operation } from './mlflow/operations.ts';
import { runOperations } from './mlflow/run-operations.ts';
import type { Experiments } from './service.ts';

/** Clients use the first, MLflow's own pages the second. */
const bases = ['/api/2.0', '/ajax-api/2.0'];

/** What MLflow has and we do not, yet or ever: said as such, so that nobody looks for a typing mistake. */
const absent = [
  'registered-models',
  'model-versions',
  'logged-models',
  'webhooks',
  'traces',
  'runs/outputs',
  'runs/log-model',
  'metrics/get-history-bulk',
  'metrics/get-history-bulk-interval',
  'artifacts/presigned-upload-url',
  'experiments/search-datasets',
  'upload-artifact',
  'users',
];

/** MLflow's tracking API and artifact proxy: another door to the same experiments, for its unmodified clients. */
export const mlflowRoutes =
  (experiments: Experiments): FastifyPluginAsync =>
  async (http) => {
    const operations = [...experimentOperations(experiments), ...runOperations(experiments)];
    for (const base of bases) {
      await http.register(async (scope) => addTrackingRoutes(scope, `${base}/mlflow`, operations));
      await http.register(async (scope) => addArtifactRoutes(scope, base, experiments));
    }
  };

function addTrackingRoutes(http: FastifyInstance, base: string, operations: readonly Operation[]): void {
  http.setErrorHandler(replyWithMlflowError);
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) =>
    done(null, parseBody(String(text))),
  );
  for (const { methods, path, permission, bodyLimit, run } of operations) {
    http.route({
      method: [...methods],
      url: `${base}/${path}`,
      config: { permission },
      exposeHeadRoute: false,
      ...(bodyLimit !== undefined && { bodyLimit }),
      handler: async (request) =>
        run(toFields(request.method === 'GET' ? request.query : request.body), request.caller),
    });
  }
  // The client asks this on every download. Nobody can have logged a model here, so the answer is true.
  http.post(`${base}/logged-models/search`, { config: { permission: 'read' } }, async () => ({}));
  http.all(`${base}/*`, { config: { permission: 'read' } }, async (request) => {
    throw toAbsence(request);
  });
}

function toAbsence(request: FastifyRequest) {
  const path = String(toFields(request.params)['*'] ?? '');
  const isKnown = absent.some((known) => path === known || path.startsWith(`${known}/`));
  return isKnown
    ? errors.notImplemented({ what: `MLflow's ${path.slice(0, 100)}` })
    : errors.routeNotFound({ method: request.method, path: path.slice(0, 200) });
}
