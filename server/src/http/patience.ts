/** How long a caller waits for an answer, and whether it still does. */
import type { FastifyRequest } from 'fastify';
import { errors } from '../base/errors.ts';

export interface Patience {
  readonly timeoutMs?: number;
  isGone(): boolean;
}

export const timeoutHeader = 'x-request-timeout-ms';

/** @throws requestInvalid for a header that is no time */
export function patienceOf(request: FastifyRequest): Patience {
  const isGone = () => request.raw.socket?.destroyed === true;
  const sent = request.headers[timeoutHeader];
  if (sent === undefined) return { isGone };
  const timeoutMs = typeof sent === 'string' && /^\d{1,9}(?:\.\d+)?$/.test(sent) ? Number(sent) : 0;
  if (timeoutMs > 0) return { timeoutMs, isGone };
  throw errors.requestInvalid({
    where: 'headers',
    problems: `${timeoutHeader} must be a number of milliseconds above 0`,
  });
}
