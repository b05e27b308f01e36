import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isDiskFull } from '../base/disk-full.ts';
import { errors, TidemillError } from '../base/errors.ts';

/** The one place where a failure becomes HTTP: catalogue errors as they are, Fastify's own translated, the rest hidden. */
export function replyWithError(
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const known = toCatalogueError(error, request);
  // Nobody is there to read the reply, and nothing went wrong.
  if (error.name === 'AbortError' && reply.raw.destroyed) request.log.info('the client left');
  else if (known.status >= 500) request.log.error({ err: error, requestId: request.id }, known.code);
  if (known.status === 401) reply.header('www-authenticate', 'Bearer realm="tidemill"');
  if (known.status === 503 || known.status === 429) reply.header('retry-after', retryAfter(known));
  reply.status(known.status).send({
    error: { code: known.code, message: known.message, details: known.details, requestId: request.id },
  });
}

/** Seconds: what the failure says, else a moment. */
export const retryAfter = ({ details }: TidemillError): string => String(details.retryAfterSeconds ?? 1);

export function toCatalogueError(error: FastifyError | Error, request: FastifyRequest): TidemillError {
  if (error instanceof TidemillError) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return errors.bodyTooLarge({ limit: request.routeOptions.bodyLimit ?? 0 });
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return errors.mediaTypeUnsupported({
      type: String(request.headers['content-type'] ?? 'none'),
      accepted: 'application/json',
    });
  }
  if (code.startsWith('FST_ERR_CTP')) return errors.bodyNotJson({ reason: error.message });
  if ('statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500) {
    return errors.requestInvalid({ where: 'form', problems: error.message });
  }
  if (isDiskFull(error)) return errors.diskFull({ reason: error.message }, error);
  return errors.internal({ requestId: request.id }, error);
}
