import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors } from '../base/errors.ts';

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Without login the browser is the danger: a page elsewhere may point its own name at 127.0.0.1 (DNS rebinding)
 * or post a form across origins. Both carry a Host or an Origin that is not ours.
 */
export function hostGuard(
  allowed: readonly string[],
  isAllowedPage: (request: FastifyRequest) => boolean = () => false,
) {
  const names = new Set([...loopback, ...allowed]);
  const isOurs = (host: string) => names.has('*') || names.has(host.replace(/:\d+$/, ''));
  const findForeign = (request: FastifyRequest): string | undefined => {
    const { host = '', origin } = request.headers;
    if (!isOurs(host)) return host;
    if (!origin || request.method === 'GET' || isOurs(hostOf(origin))) return undefined;
    return isAllowedPage(request) ? undefined : origin;
  };
  // Not asynchronous: every request passes here.
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    const host = findForeign(request);
    done(host === undefined ? undefined : errors.hostRefused({ host }));
  };
}

const safe = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Whether a request may change something by the browser's cookie alone: the browser says that a page of ours has made it.
 * `Sec-Fetch-Site` cannot be set by a page; older browsers say where they come from in `Origin`.
 */
export function mayChangeByCookie({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): boolean {
  if (safe.has(method)) return true;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return headers.origin !== undefined && hostOf(headers.origin) === headers.host;
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : origin;
}
