import type { Webhook, WebhookDelivery } from '@tidemill/contract';
import type { Attempt } from '../../adapters/notify/notify.ts';
import { toUri } from '../../base/references.ts';

export interface StoredWebhook extends Webhook {
  readonly workspace: string;
}

/** A message to one webhook, with the body that is sent. */
export interface StoredDelivery extends WebhookDelivery {
  readonly webhook: string;
  readonly eventId: number;
  readonly message: Readonly<Record<string, unknown>>;
}

export interface RetryPolicy {
  readonly attempts: number;
  /** Doubles with every attempt. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

/** Gives a receiver about two and a half hours to come back. */
export const defaultRetryPolicy: RetryPolicy = {
  attempts: 12,
  firstDelayMs: 5_000,
  longestDelayMs: 3_600_000,
};

/** Per workspace: each event is weighed against all of them. */
export const mostWebhooks = 100;
/** Deliveries that ended and are kept per webhook. */
export const keptDeliveries = 200;

export const webhookUri = (id: string): string => toUri('webhook', id);
/** Where its signing secret is kept. */
export const secretAddress = ({ workspace, id }: Pick<StoredWebhook, 'workspace' | 'id'>) => ({
  workspace,
  owner: webhookUri(id),
  name: 'signing secret',
});

const limits = { name: 63, url: 2000, description: 5000, secret: 1000 } as const;
const namePattern = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i;

export interface Problem {
  readonly field: string;
  readonly reason: string;
}

/** The first thing that is wrong with what a webhook is given, or null. */
export function problemOf(given: {
  readonly name?: string | undefined;
  readonly url?: string | undefined;
  readonly description?: string | undefined;
  readonly secret?: string | null | undefined;
  readonly events?: readonly string[] | undefined;
}): Problem | null {
  for (const field of ['name', 'url', 'description', 'secret'] as const) {
    const text = given[field] ?? '';
    if (text.length > limits[field])
      return { field, reason: `it is longer than ${limits[field]} characters` };
    if (text.includes('\0') || !text.isWellFormed()) return { field, reason: 'it is no proper text' };
  }
  if (given.name !== undefined && !namePattern.test(given.name)) {
    const reason = "it may hold letters, digits, '.', '_' and '-' and begins and ends with a letter or digit";
    return { field: 'name', reason };
  }
  if (given.events?.length === 0) return { field: 'events', reason: 'it needs at least one' };
  return null;
}

/** What an attempt makes of a delivery. */
export function afterAttempt(
  delivery: StoredDelivery,
  attempt: Attempt,
  now: number,
  policy: RetryPolicy,
): StoredDelivery {
  const attempts = delivery.attempts + 1;
  const { status } = attempt;
  if (attempt.isDelivered) {
    const ended = { state: 'delivered', nextTryAt: null, finishedAt: now } as const;
    return { ...delivery, ...ended, attempts, status, error: null };
  }
  const error = attempt.reason;
  if (attempts >= policy.attempts || !attempt.isWorthRepeating) {
    const ended = { state: 'failed', nextTryAt: null, finishedAt: now } as const;
    return { ...delivery, ...ended, attempts, status, error };
  }
  const delay = Math.max(policy.firstDelayMs * 2 ** (attempts - 1), attempt.retryAfterMs ?? 0);
  const nextTryAt = Math.round(now + Math.min(delay, policy.longestDelayMs));
  return { ...delivery, attempts, status, error, nextTryAt };
}
