import type { WebhookEvent, WebhookStatus } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import type { WebhookDeliveriesTable, WebhooksTable } from '../../adapters/db/tables/webhooks.ts';
import { keptDeliveries, type StoredDelivery, type StoredWebhook } from './rules.ts';

export const webhookStore = (db: Db) => ({
  async insert(webhook: StoredWebhook): Promise<void> {
    await db
      .insertInto('webhooks')
      .values({
        id: webhook.id,
        workspace: webhook.workspace,
        created_at: webhook.createdAt,
        created_by: webhook.createdBy,
        ...toColumns(webhook),
      })
      .execute();
  },

  async save(webhook: StoredWebhook): Promise<void> {
    await db.updateTable('webhooks').set(toColumns(webhook)).where('id', '=', webhook.id).execute();
  },

  async find(workspace: string, id: string): Promise<StoredWebhook | null> {
    const row = await db
      .selectFrom('webhooks')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('id', '=', id)
      .executeTakeFirst();
    return row ? toWebhook(row) : null;
  },

  async list(workspace: string, before: string | undefined, limit: number): Promise<StoredWebhook[]> {
    let query = db.selectFrom('webhooks').selectAll().where('workspace', '=', workspace);
    if (before !== undefined) query = query.where('id', '<', before);
    return (await query.orderBy('id', 'desc').limit(limit).execute()).map(toWebhook);
  },

  async listActive(workspace: string): Promise<StoredWebhook[]> {
    const rows = await db
      .selectFrom('webhooks')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('status', '=', 'active')
      .orderBy('id')
      .execute();
    return rows.map(toWebhook);
  },

  async count(workspace: string): Promise<number> {
    const row = await db
      .selectFrom('webhooks')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('workspace', '=', workspace)
      .executeTakeFirstOrThrow();
    return Number(row.count);
  },

  async delete(id: string): Promise<void> {
    await deliveryStore(db).deleteAll(id);
    await db.deleteFrom('webhooks').where('id', '=', id).execute();
  },
});

export const deliveryStore = (db: Db) => ({
  /** Gives the webhooks that did not have this event yet. */
  async insert(deliveries: readonly StoredDelivery[]): Promise<string[]> {
    if (deliveries.length === 0) return [];
    const rows = await db
      .insertInto('webhook_deliveries')
      .values(
        deliveries.map((delivery) => ({
          id: delivery.id,
          webhook: delivery.webhook,
          event_id: delivery.eventId,
          event: delivery.event,
          subject: delivery.subject,
          message: json(delivery.message),
          created_at: delivery.createdAt,
          ...toProgress(delivery),
        })),
      )
      .onConflict((conflict) => conflict.columns(['webhook', 'event_id']).doNothing())
      .returning('webhook')
      .execute();
    return rows.map((row) => row.webhook);
  },

  /** The one whose turn is next, due or not. */
  async findNext(webhook: string): Promise<StoredDelivery | null> {
    const row = await db
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('webhook', '=', webhook)
      .where('state', '=', 'pending')
      .orderBy('next_try_at')
      .orderBy('event_id')
      .limit(1)
      .executeTakeFirst();
    return row ? toDelivery(row) : null;
  },

  /** Does nothing to one that was cancelled meanwhile. */
  async saveProgress(delivery: StoredDelivery): Promise<void> {
    await db
      .updateTable('webhook_deliveries')
      .set(toProgress(delivery))
      .where('id', '=', delivery.id)
      .where('state', '=', 'pending')
      .execute();
  },

  async cancelPending(webhook: string, now: number): Promise<void> {
    await db
      .updateTable('webhook_deliveries')
      .set({ state: 'cancelled', next_try_at: null, finished_at: now })
      .where('webhook', '=', webhook)
      .where('state', '=', 'pending')
      .execute();
  },

  async list(webhook: string, before: number | undefined, limit: number): Promise<StoredDelivery[]> {
    let query = db.selectFrom('webhook_deliveries').selectAll().where('webhook', '=', webhook);
    if (before !== undefined) query = query.where('event_id', '<', before);
    return (await query.orderBy('event_id', 'desc').limit(limit).execute()).map(toDelivery);
  },

  async deleteAll(webhook: string): Promise<void> {
    await db.deleteFrom('webhook_deliveries').where('webhook', '=', webhook).execute();
  },

  /** Forgets what ended before the newest ones that are kept. */
  async prune(webhook: string): Promise<void> {
    const ended = db
      .selectFrom('webhook_deliveries')
      .select('event_id')
      .where('webhook', '=', webhook)
      .where('state', '!=', 'pending');
    const oldest = await ended.orderBy('event_id', 'desc').offset(keptDeliveries).limit(1).executeTakeFirst();
    if (!oldest) return;
    await db
      .deleteFrom('webhook_deliveries')
      .where('webhook', '=', webhook)
      .where('state', '!=', 'pending')
      .where('event_id', '<=', oldest.event_id)
      .execute();
  },
});

const toColumns = (webhook: StoredWebhook) => ({
  name: webhook.name,
  url: webhook.url,
  description: webhook.description,
  events: json(webhook.events),
  status: webhook.status,
  has_secret: webhook.hasSecret ? 1 : 0,
  updated_at: webhook.updatedAt,
});

const toWebhook = (row: Selectable<WebhooksTable>): StoredWebhook => ({
  id: row.id,
  workspace: row.workspace,
  name: row.name,
  url: row.url,
  description: row.description,
  events: parseJson<WebhookEvent[]>(row.events),
  status: row.status as WebhookStatus,
  hasSecret: row.has_secret === 1,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  createdBy: row.created_by,
});

const toProgress = (delivery: StoredDelivery) => ({
  state: delivery.state,
  attempts: delivery.attempts,
  status: delivery.status,
  error: delivery.error,
  next_try_at: delivery.nextTryAt,
  finished_at: delivery.finishedAt,
});

const toDelivery = (row: Selectable<WebhookDeliveriesTable>): StoredDelivery => ({
  id: row.id,
  webhook: row.webhook,
  eventId: row.event_id,
  event: row.event,
  subject: row.subject,
  message: parseJson(row.message),
  state: row.state as StoredDelivery['state'],
  attempts: row.attempts,
  status: row.status,
  error: row.error,
  nextTryAt: row.next_try_at,
  createdAt: row.created_at,
  finishedAt: row.finished_at,
});
