import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { errors } from '../../base/errors.ts';
import type { Notification, Notifier } from './notify.ts';

export interface WebhookOptions {
  readonly attempts?: number;
  /** Doubles with every attempt. */
  readonly firstDelayMs?: number;
  readonly longestDelayMs?: number;
  readonly timeoutMs?: number;
  /** Messages under way at once; the others wait for their turn. */
  readonly concurrency?: number;
}

type Attempt = { readonly status: number; readonly retryAfterMs?: number } | { readonly failure: string };

/** `whsec_` marks a secret in base64 (Standard Webhooks); any other is taken as text. */
const keyOf = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);

/** The signature of https://www.standardwebhooks.com: HMAC-SHA256 over id, time and body. */
function headersOf({ deliveryId, event, secret }: Notification, body: string): Record<string, string> {
  const seconds = Math.floor(Date.now() / 1000);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'tidemill',
    'x-tidemill-event': event,
    'webhook-id': deliveryId,
    'webhook-timestamp': String(seconds),
  };
  if (secret === undefined) return headers;
  const digest = createHmac('sha256', keyOf(secret))
    .update(`${deliveryId}.${seconds}.${body}`)
    .digest('base64');
  return { ...headers, 'webhook-signature': `v1,${digest}` };
}

function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** Query strings and passwords of webhook addresses are secrets; messages show neither. */
function shown(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.origin}${parsed.pathname}` : 'an address that is no URL';
}

const isWorthRepeating = (attempt: Attempt): boolean =>
  'failure' in attempt || attempt.status === 408 || attempt.status === 429 || attempt.status >= 500;

function reasonOf(attempt: Attempt): string {
  if ('failure' in attempt) return attempt.failure;
  return attempt.status < 400 ? `it redirects (${attempt.status})` : `it answers ${attempt.status}`;
}

const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
};

/** POST as JSON. Redirects are not followed: they would carry the message to an address nobody entered. */
export function webhookNotifier(options: WebhookOptions = {}): Notifier {
  const {
    attempts = 4,
    firstDelayMs = 500,
    longestDelayMs = 30_000,
    timeoutMs = 10_000,
    concurrency = 16,
  } = options;
  const waiting: (() => void)[] = [];
  let busy = 0;

  async function post(message: Notification, body: string): Promise<Attempt> {
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(message.url, {
        method: 'POST',
        body,
        headers: headersOf(message, body),
        redirect: 'manual',
        signal: message.signal ? AbortSignal.any([limit, message.signal]) : limit,
      });
      await response.body?.cancel();
      const retryAfterMs = retryAfter(response);
      return { status: response.status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    } catch (error) {
      return { failure: limit.aborted ? `no answer within ${timeoutMs / 1000} s` : causeOf(error) };
    }
  }

  async function deliver(message: Notification): Promise<{ status: number }> {
    const { protocol } = URL.parse(message.url) ?? {};
    const url = shown(message.url);
    if (protocol !== 'http:' && protocol !== 'https:')
      throw errors.notificationFailed({ url, reason: 'only http and https addresses can be called' });
    const body = JSON.stringify({ event: message.event, id: message.deliveryId, data: message.body });
    for (let number = 1; ; number += 1) {
      const attempt = await post(message, body);
      if ('status' in attempt && attempt.status >= 200 && attempt.status < 300)
        return { status: attempt.status };
      const isLast = number >= attempts || message.signal?.aborted || !isWorthRepeating(attempt);
      if (isLast) throw errors.notificationFailed({ url, reason: reasonOf(attempt) });
      const asked = 'status' in attempt ? attempt.retryAfterMs : undefined;
      const delay = Math.min(asked ?? firstDelayMs * 2 ** (number - 1), longestDelayMs);
      await pause(delay, undefined, message.signal ? { signal: message.signal } : {}).catch(() => undefined);
    }
  }

  return {
    async send(message) {
      if (busy >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve));
      else busy += 1;
      try {
        return await deliver(message);
      } finally {
        const next = waiting.shift();
        if (next) next();
        else busy -= 1;
      }
    },
  };
}
