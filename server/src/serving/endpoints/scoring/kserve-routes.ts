/** KServe's first protocol, which is TensorFlow Serving's: `{name}` is an endpoint. */
import type { FastifyError, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { errors } from '../../../base/errors.ts';
import { retryAfter, toCatalogueError } from '../../../http/error-reply.ts';
import type { Endpoints } from '../service.ts';
import { keyIn, readBytes } from './mlflow-invocations.ts';
import { headersOf, type ScoringEndpoints, score } from './scoring.ts';
import { toJson, toText } from './scoring-body.ts';
import { readScoringJson } from './scoring-input.ts';

export type KserveEndpoints = ScoringEndpoints & Pick<Endpoints, 'names'>;

/** `churn:predict` → the endpoint and what to do. */
function readCall({ params }: FastifyRequest): { readonly name: string; readonly verb: string } {
  const { call = '' } = params as { readonly call?: string };
  const at = call.lastIndexOf(':');
  return at < 0 ? { name: call, verb: '' } : { name: call.slice(0, at), verb: call.slice(at + 1) };
}

export const kserveRoutes =
  (endpoints: KserveEndpoints): FastifyPluginAsync =>
  async (http) => {
    readBytes(http);
    http.setErrorHandler(replyWithFailure);
    const resources = (request: FastifyRequest) => [`endpoint:${readCall(request).name}`];

    http.post('/v1/models/:call', { config: { permission: 'invoke', resources } }, async (request, reply) => {
      const { name, verb } = readCall(request);
      if (verb !== 'predict') {
        if (verb === 'explain') throw errors.notImplemented({ what: `Explaining by ${request.url}` });
        throw errors.routeNotFound({ method: request.method, path: request.url });
      }
      const { data } = readScoringJson(toJson(toText(request.body)), ['instances', 'inputs']);
      const scored = await score(endpoints, { name, data, idempotencyKey: keyIn(request) }, request.caller);
      reply.headers(headersOf(scored)).type('application/json; charset=utf-8');
      return reply.send(JSON.stringify({ predictions: scored.predictions }));
    });

    http.get('/v1/models', { config: { permission: 'self' } }, async ({ caller }) => ({
      models: endpoints.names(caller),
    }));

    http.get('/v1/models/:call', { config: { permission: 'invoke', resources } }, async (request, reply) => {
      const { name } = readCall(request);
      const { isReady } = await endpoints.describe({ name }, request.caller);
      return reply.status(isReady ? 200 : 503).send({ name, ready: isReady });
    });
  };

/** Its clients read `error`, a text. */
function replyWithFailure(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
  const known = toCatalogueError(error, request);
  if (known.status >= 500) request.log.error({ err: error, requestId: request.id }, known.code);
  if (known.status === 401) reply.header('www-authenticate', 'Bearer realm="tidemill"');
  if (known.status === 503 || known.status === 429) reply.header('retry-after', retryAfter(known));
  reply.status(known.status).send({ error: known.message });
}
