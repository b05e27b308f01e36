/** Whatever went wrong, the protocol has one form for it; a client shows anything else as a failure of its own. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { retryAfter, toCatalogueError } from '../../../http/error-reply.ts';

export function replyWithInferenceError(
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const known = toCatalogueError(error, request);
  // The protocol's word for every mistake of the request.
  const status = known.status === 422 ? 400 : known.status;
  if (error.name === 'AbortError' && reply.raw.destroyed) request.log.info('the client left');
  else if (status >= 500) request.log.error({ err: error, requestId: request.id }, known.code);
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="tidemill"');
  if (status === 503 || status === 429) reply.header('retry-after', retryAfter(known));
  // Its body may be on its way still, and nobody will read it.
  if (status === 413) reply.header('connection', 'close');
  reply.status(status).type('application/json').send({ error: known.message });
}
