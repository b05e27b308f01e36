import type { Secrets } from '../../access/secrets/service.ts';
import { type Db, transact } from '../../adapters/db/db.ts';
import type { Attempt, Notifier } from '../../adapters/notify/notify.ts';
import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import type { Events, StoredEvent } from '../../platform/events/service.ts';
import type { TaskOutcome, Tasks } from '../../platform/tasks/service.ts';
import { endlessAttempts } from '../../platform/tasks/told-end.ts';
import { heardKinds, toMessage, type WebhookMessage } from './messages.ts';
import {
  afterAttempt,
  type RetryPolicy,
  type StoredDelivery,
  type StoredWebhook,
  secretAddress,
  webhookUri,
} from './rules.ts';
import { deliveryStore, webhookStore } from './store.ts';

export interface DeliveriesDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly events: Pick<Events, 'on'>;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue' | 'wake'>;
  readonly secrets: Pick<Secrets, 'find'>;
  readonly sender: Notifier;
  readonly retry: RetryPolicy;
}

const taskKind = 'webhook';
/** Messages in a row, then it is another webhook's turn. */
const perTurn = 50;
/** Until an event wakes it. */
const untilWoken = 8_640_000_000_000_000;

/**
 * An event becomes a row for each webhook that listens; each webhook has one task that works its rows off, oldest
 * first. So what is owed survives any crash, and a receiver that is down keeps nobody else's messages waiting.
 */
export function createDeliveries(deps: DeliveriesDependencies) {
  const { db, clock, events, tasks, secrets, sender, retry } = deps;

  async function enqueue(event: StoredEvent): Promise<void> {
    const message = toMessage(event);
    if (!message) return;
    const active = await webhookStore(db).listActive(event.workspace);
    // At the first start with webhooks the outbox is told from its beginning.
    const listening = active.filter(
      (webhook) => webhook.events.includes(message.event) && webhook.createdAt <= event.createdAt,
    );
    if (listening.length === 0) return;
    await transact(db, async (tx) => {
      const owed = listening.map((webhook) => toDelivery(webhook, event, message, clock.now()));
      for (const webhook of await deliveryStore(tx).insert(owed)) await wake(tx, webhook, event);
    });
  }
  events.on('webhooks', heardKinds, enqueue);

  async function wake(tx: Db, webhook: string, { workspace, actor }: StoredEvent): Promise<void> {
    const id = await tasks.enqueue(tx, {
      kind: taskKind,
      workspace,
      subject: webhookUri(webhook),
      payload: { webhook },
      actor,
      maximumAttempts: endlessAttempts,
      deduplicationKey: webhook,
    });
    await tasks.wake(tx, id);
  }

  tasks.register<{ webhook: string }>(
    taskKind,
    { concurrency: 8 },
    async ({ workspace, payload, signal }) => {
      for (let turn = 0; turn < perTurn; turn += 1) {
        const webhook = await webhookStore(db).find(workspace, payload.webhook);
        if (!webhook || webhook.status === 'disabled') return giveUp(payload.webhook, webhook);
        const next = await deliveryStore(db).findNext(webhook.id);
        const due = next?.nextTryAt ?? untilWoken;
        if (!next || due > clock.now()) return rest(webhook.id, due);
        if (!(await deliver(webhook, next, signal))) break;
      }
      return { waitUntil: clock.now() };
    },
  );

  /** Also what an event wrote down while the webhook was being disabled or deleted. */
  async function giveUp(id: string, webhook: StoredWebhook | null): Promise<TaskOutcome> {
    if (webhook) await deliveryStore(db).cancelPending(id, clock.now());
    else await deliveryStore(db).deleteAll(id);
    return webhook ? rest(id, untilWoken) : { done: {} };
  }

  async function rest(webhook: string, waitUntil: number): Promise<TaskOutcome> {
    await deliveryStore(db).prune(webhook);
    return { waitUntil };
  }

  /** False when it has to be tried again, or never. */
  async function deliver(
    webhook: StoredWebhook,
    delivery: StoredDelivery,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { id: deliveryId, event, message: body } = delivery;
    const attempt = await send(webhook, { deliveryId, event, body, signal });
    // Shutting down is no failure of the receiver.
    if (!attempt.isDelivered) signal.throwIfAborted();
    await deliveryStore(db).saveProgress(afterAttempt(delivery, attempt, clock.now(), retry));
    return attempt.isDelivered;
  }

  /** A message is never sent unsigned because its secret does not open. */
  async function send(
    webhook: StoredWebhook,
    message: { deliveryId: string; event: string; body: unknown; signal?: AbortSignal },
  ): Promise<Attempt> {
    if (!webhook.hasSecret) return sender.attempt({ ...message, url: webhook.url });
    try {
      const secret = await secrets.find(secretAddress(webhook));
      if (secret !== null) return await sender.attempt({ ...message, url: webhook.url, secret });
      return unsigned('its signing secret is gone');
    } catch (error) {
      return unsigned(error instanceof Error ? error.message : String(error));
    }
  }

  return { send };
}

const unsigned = (reason: string): Attempt => ({
  isDelivered: false,
  status: null,
  reason,
  isWorthRepeating: true,
  retryAfterMs: null,
});

const toDelivery = (
  webhook: StoredWebhook,
  { id: eventId, subject }: StoredEvent,
  { event, message }: WebhookMessage,
  now: number,
): StoredDelivery => ({
  id: newId('delivery'),
  webhook: webhook.id,
  eventId,
  event,
  subject,
  message,
  state: 'pending',
  attempts: 0,
  status: null,
  error: null,
  nextTryAt: now,
  createdAt: now,
  finishedAt: null,
});
