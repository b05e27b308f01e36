/**
 * MLflow's scoring server at addresses that name an endpoint: what was sent to `mlflow models serve` is sent here unchanged.
 * `/invocations` alone asks the endpoint that the server was started with.
 */
import type {
  FastifyError,
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
} from 'fastify';
import { errors } from '../../../base/errors.ts';
import { replyWithMlflowError } from '../../../http/mlflow/failures.ts';
import { headersOf, type ScoringEndpoints, score } from './scoring.ts';
import { toJson, toText } from './scoring-body.ts';
import { readScoringCsv, readScoringJson, type ScoringInput } from './scoring-input.ts';

interface Names {
  readonly name?: string;
  readonly version?: string;
}

export const mlflowInvocations =
  (endpoints: ScoringEndpoints, defaultEndpoint: string | null): FastifyPluginAsync =>
  async (http) => {
    readBytes(http);
    http.setErrorHandler(replyWithFailure);
    const nameIn = ({ params }: FastifyRequest): string => {
      const name = (params as Names).name ?? defaultEndpoint;
      if (name === null) throw errors.defaultEndpointUnset({});
      return name;
    };
    const serve = (url: string, resources: (request: FastifyRequest) => string[]) =>
      http.post(url, { config: { permission: 'invoke', resources } }, async (request, reply) => {
        const name = nameIn(request);
        const { data, params } = readBody(request);
        if (params && Object.keys(params).length > 0)
          throw errors.scoringInputInvalid({
            reason: `the models of endpoint '${name}' take no params (${Object.keys(params).slice(0, 10).join(', ')})`,
          });
        const { version } = request.params as Names;
        const scored = await score(
          endpoints,
          { name, version, data, idempotencyKey: keyIn(request) },
          request.caller,
        );
        reply.headers(headersOf(scored)).type('application/json; charset=utf-8');
        return reply.send(JSON.stringify({ predictions: scored.predictions }));
      });
    const named = ({ params }: FastifyRequest) => [`endpoint:${(params as Names).name}`];
    serve('/endpoints/:name/invocations', named);
    serve('/endpoints/:name/versions/:version/invocations', named);
    serve('/invocations', () => (defaultEndpoint === null ? [] : [`endpoint:${defaultEndpoint}`]));
    http.get('/ping', { config: { permission: 'public' } }, async (_request, reply) =>
      reply.type('application/json').send('\n'),
    );
  };

/** Whatever their media type, also none: what they are is decided where MLflow decides it. */
export function readBytes(http: FastifyInstance): void {
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

export function keyIn({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  return typeof key === 'string' && key !== '' ? key.slice(0, 200) : undefined;
}

/** JSON or CSV in UTF-8. @throws mediaTypeUnsupported, scoringInputInvalid */
function readBody({ headers, body }: FastifyRequest): ScoringInput {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim());
  const isPlain = parameters.every((parameter) => /^charset="?utf-?8"?$/i.test(parameter));
  const kind = type.toLowerCase();
  if (isPlain && kind === 'application/json') return readScoringJson(toJson(toText(body)));
  if (isPlain && kind === 'text/csv') return readScoringCsv(toText(body));
  throw errors.mediaTypeUnsupported({
    type: headers['content-type'] ?? '(none)',
    accepted: 'application/json or text/csv, in UTF-8',
  });
}

/** MLflow says this one thing in plain text. */
function replyWithFailure(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
  if ('code' in error && error.code === 'mediaTypeUnsupported')
    reply.status(415).type('text/plain; charset=utf-8').send(error.message);
  else replyWithMlflowError(error, request, reply);
}
