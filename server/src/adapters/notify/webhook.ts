import { setTimeout as pause } from 'node:timers/promises';
import { atMost } from '../../base/at-most.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { activeTraceparent } from '../../base/tracing.ts';
import {
  type Destination,
  type DestinationPolicy,
  openDestination,
  type Refusals,
  type Resolve,
  resolveByDns,
  shown,
} from '../network/network.ts';
import type { Attempt, Notification, Notifier } from './notify.ts';
import { type PostReply, post } from './post.ts';
import { formats, type WebhookFormat } from './webhook-formats.ts';

export interface WebhookOptions {
  readonly destinations: DestinationPolicy;
  readonly format?: WebhookFormat;
  readonly attempts?: number;
  /** Doubles with every attempt. */
  readonly firstDelayMs?: number;
  readonly longestDelayMs?: number;
  readonly timeoutMs?: number;
  /** Messages under way at once; the others wait for their turn. */
  readonly concurrency?: number;
  readonly resolve?: Resolve;
  /** Certificates to trust besides those of the system. */
  readonly ca?: string;
}

/** Each takes one of the few threads that files are read with too; a dead name server must not take them all. */
const lookupsAtOnce = 2;

const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
};

const isWorthRepeating = (status: number): boolean => status === 408 || status === 429 || status >= 500;

function toAttempt({ status, retryAfter }: PostReply): Attempt {
  if (status >= 200 && status < 300) return { isDelivered: true, status };
  const seconds = Number(retryAfter ?? Number.NaN);
  return {
    isDelivered: false,
    status,
    reason: status < 400 ? `it redirects (${status})` : `it answers ${status}`,
    isWorthRepeating: isWorthRepeating(status),
    retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null,
  };
}

const toFailure = (reason: string, worth = true): Attempt => ({
  isDelivered: false,
  status: null,
  reason,
  isWorthRepeating: worth,
  retryAfterMs: null,
});

/** Looking a name up cannot be stopped, but waited for no longer. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

export const notificationRefusals: Refusals = {
  refused: (url, reason) => errors.notificationUrlRefused({ url, reason }),
  unknown: (host, reason, cause) => errors.notificationHostUnknown({ host, reason }, cause),
};

/** POST as JSON. Redirects are not followed: they would carry the message to an address nobody entered. */
export function webhookNotifier(options: WebhookOptions): Notifier {
  const {
    destinations,
    format = 'standard',
    attempts = 4,
    firstDelayMs = 500,
    longestDelayMs = 30_000,
    timeoutMs = 10_000,
    concurrency = 16,
    resolve = resolveByDns,
    ca,
  } = options;
  const inTurn = atMost(concurrency);
  const lookUpInTurn = atMost(lookupsAtOnce);
  const lookUp: Resolve = (host) => lookUpInTurn(() => resolve(host));

  const open = (url: string, signal: AbortSignal): Promise<Destination> =>
    unlessAborted(openDestination(url, destinations, lookUp, notificationRefusals), signal);

  async function attempt(message: Notification): Promise<Attempt> {
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = message.signal ? AbortSignal.any([limit, message.signal]) : limit;
    try {
      const destination = await open(message.url, signal);
      const { body, headers } = formats[format](message, String(Math.floor(Date.now() / 1000)));
      const traceparent = activeTraceparent();
      const sent = traceparent === undefined ? headers : { ...headers, traceparent };
      return toAttempt(
        await post(destination, { headers: sent, body, signal, ...(ca !== undefined && { ca }) }),
      );
    } catch (error) {
      if (limit.aborted) return toFailure(`no answer within ${timeoutMs / 1000} s`);
      if (!(error instanceof TidemillError)) return toFailure(causeOf(error));
      return toFailure(String(error.details.reason), error.code === 'notificationHostUnknown');
    }
  }

  async function deliver(message: Notification): Promise<{ status: number }> {
    for (let number = 1; ; number += 1) {
      const tried = await attempt(message);
      if (tried.isDelivered) return { status: tried.status };
      const isLast = number >= attempts || message.signal?.aborted || !tried.isWorthRepeating;
      if (isLast) throw errors.notificationFailed({ url: shown(message.url), reason: tried.reason });
      const delay = Math.min(tried.retryAfterMs ?? firstDelayMs * 2 ** (number - 1), longestDelayMs);
      await pause(delay, undefined, message.signal ? { signal: message.signal } : {}).catch(() => undefined);
    }
  }

  return {
    async assertAllowed(url) {
      const limit = AbortSignal.timeout(timeoutMs);
      await open(url, limit).catch((cause: unknown) => {
        if (!limit.aborted) throw cause;
        const reason = `no answer within ${timeoutMs / 1000} s`;
        throw errors.notificationHostUnknown({ host: shown(url), reason }, cause);
      });
    },
    attempt: (message) => inTurn(() => attempt(message)),
    send: (message) => inTurn(() => deliver(message)),
  };
}
