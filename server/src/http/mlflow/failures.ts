import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode, TidemillError } from '../../base/errors.ts';
import { retryAfter, toCatalogueError } from '../error-reply.ts';

interface Failure {
  readonly status: number;
  readonly code: string;
}

const invalidValue: Failure = { status: 400, code: 'INVALID_PARAMETER_VALUE' };

/** Where MLflow's word is another than our status would give. */
const byCode: Partial<Record<ErrorCode, Failure>> = {
  experimentExists: { status: 400, code: 'RESOURCE_ALREADY_EXISTS' },
  modelExists: { status: 400, code: 'RESOURCE_ALREADY_EXISTS' },
  aliasNotFound: invalidValue,
  experimentNotActive: invalidValue,
  runNotActive: invalidValue,
  parameterImmutable: invalidValue,
  loggedModelParameterImmutable: invalidValue,
  bodyTooLarge: invalidValue,
  mediaTypeUnsupported: invalidValue,
  scoringInputInvalid: { status: 400, code: 'BAD_REQUEST' },
  routeNotFound: { status: 404, code: 'ENDPOINT_NOT_FOUND' },
};

const byStatus: Readonly<Record<number, string>> = {
  400: 'INVALID_PARAMETER_VALUE',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  409: 'RESOURCE_CONFLICT',
  429: 'REQUEST_LIMIT_EXCEEDED',
  501: 'NOT_IMPLEMENTED',
  503: 'TEMPORARILY_UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** MLflow's client reads `error_code` and `message`; it retries 5xx for minutes, so no mistake of its user is one. */
export function replyWithMlflowError(
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const known = toCatalogueError(error, request);
  const { status, code } = toFailure(known);
  if (status >= 500 && status !== 501) request.log.error({ err: error, requestId: request.id }, known.code);
  if (status === 401) reply.header('www-authenticate', 'Basic realm="mlflow"');
  if (status === 503 || status === 429) reply.header('retry-after', retryAfter(known));
  reply
    .status(status)
    .type('application/json')
    .send({ error_code: code, message: toMessage(known) });
}

function toFailure(error: TidemillError): Failure {
  const own = byCode[error.code as ErrorCode];
  if (own) return own;
  const status = error.status === 422 ? 400 : error.status;
  return { status, code: byStatus[status] ?? (status < 500 ? 'BAD_REQUEST' : 'INTERNAL_ERROR') };
}

function toMessage(error: TidemillError): string {
  return error.code === 'mediaTypeUnsupported'
    ? "Bad Request. Content-Type must be one of ['application/json']."
    : error.message;
}
