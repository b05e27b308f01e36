import type { FastifyRequest } from 'fastify';
import { errors } from '../base/errors.ts';

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Without login the browser is the danger: a page elsewhere may point its own name at 127.0.0.1 (DNS rebinding)
 * or post a form across origins. Both carry a Host or an Origin that is not ours.
 */
export function hostGuard(allowed: readonly string[]) {
  const names = new Set([...loopback, ...allowed]);
  const isOurs = (host: string) => names.has('*') || names.has(host.replace(/:\d+$/, ''));
  return async (request: FastifyRequest): Promise<void> => {
    const host = request.headers.host ?? '';
    if (!isOurs(host)) throw errors.hostRefused({ host });
    const origin = request.headers.origin;
    if (origin && request.method !== 'GET' && !isOurs(hostOf(origin)))
      throw errors.hostRefused({ host: origin });
  };
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : origin;
}
