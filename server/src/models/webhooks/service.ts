import type {
  Input,
  Page,
  Webhook,
  WebhookDelivery,
  WebhookTest,
  webhooksEndpoints,
} from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Secrets } from '../../access/secrets/service.ts';
import type { Db, Tx } from '../../adapters/db/db.ts';
import { lockKey } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isNumber, isText, toPage } from '../../base/page.ts';
import { createDeliveries, type DeliveriesDependencies } from './deliveries.ts';
import { toExample } from './messages.ts';
import {
  defaultRetryPolicy,
  mostWebhooks,
  problemOf,
  type RetryPolicy,
  type StoredDelivery,
  type StoredWebhook,
  secretAddress,
  webhookUri,
} from './rules.ts';
import { deliveryStore, webhookStore } from './store.ts';

export interface WebhooksDependencies extends Omit<DeliveriesDependencies, 'secrets' | 'retry'> {
  readonly changes: Changes;
  readonly secrets: Secrets;
  readonly retry?: RetryPolicy;
}

type Contract = typeof webhooksEndpoints;

/** Web addresses that are told of changes in the model registry, in MLflow's form. */
export function createWebhooks({ retry = defaultRetryPolicy, ...deps }: WebhooksDependencies) {
  const { db, clock, changes, secrets, sender } = deps;
  const deliveries = createDeliveries({ ...deps, retry });

  async function get(tx: Db, id: string, workspace: string): Promise<StoredWebhook> {
    const found = await webhookStore(tx).find(workspace, id);
    if (!found) throw errors.webhookNotFound({ id });
    return found;
  }

  /** Where it goes is looked up before the transaction: none waits for a name server. */
  async function assertValid(given: Parameters<typeof problemOf>[0]): Promise<void> {
    const problem = problemOf(given);
    if (problem) throw errors.webhookInvalid({ ...problem });
    if (given.url !== undefined) await sender.assertAllowed(given.url);
  }

  async function saveSecret(tx: Db, webhook: StoredWebhook, secret: string | null): Promise<void> {
    if (secret === null) return secrets.delete(tx, secretAddress(webhook));
    return secrets.put(tx, secretAddress(webhook), secret);
  }

  return {
    async create(input: Input<Contract['create']>, caller: Caller): Promise<Webhook> {
      await assertValid(input);
      const now = clock.now();
      const { name, url, description = '', status = 'active', secret } = input;
      const webhook: StoredWebhook = {
        ...{ id: newId('webhook'), workspace: caller.workspace, createdBy: caller.actor },
        ...{ name, url, description, status, events: [...new Set(input.events)] },
        ...{ hasSecret: secret !== undefined, createdAt: now, updatedAt: now },
      };
      await changes.run(caller, async (tx, record) => {
        const store = webhookStore(tx);
        await lockKey(tx as Tx, `webhooks/${caller.workspace}`);
        if ((await store.count(caller.workspace)) >= mostWebhooks)
          throw errors.webhooksTooMany({ most: mostWebhooks });
        await store.insert(webhook);
        if (secret !== undefined) await saveSecret(tx, webhook, secret);
        record({ action: 'webhook.created', subject: webhookUri(webhook.id), detail: toDetail(webhook) });
      });
      return toContract(webhook);
    },

    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<Webhook>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const rows = await webhookStore(db).list(caller.workspace, before, limit + 1);
      const page = toPage(rows, limit, (webhook) => webhook.id);
      return { ...page, items: page.items.map(toContract) };
    },

    get: async (input: { id: string }, caller: Caller): Promise<Webhook> =>
      toContract(await get(db, input.id, caller.workspace)),

    async update(input: Input<Contract['update']>, caller: Caller): Promise<Webhook> {
      const { id, secret, ...given } = input;
      await get(db, id, caller.workspace);
      await assertValid({ ...given, secret });
      const changed = await changes.run(caller, async (tx, record) => {
        const webhook = merge(await get(tx, id, caller.workspace), input, clock.now());
        await webhookStore(tx).save(webhook);
        if (secret !== undefined) await saveSecret(tx, webhook, secret);
        if (webhook.status === 'disabled') await deliveryStore(tx).cancelPending(id, clock.now());
        const detail = { ...toDetail(webhook), ...(secret !== undefined && { secretChanged: true }) };
        record({ action: 'webhook.updated', subject: webhookUri(id), detail });
        return webhook;
      });
      return toContract(changed);
    },

    async delete(input: { id: string }, caller: Caller): Promise<Record<string, never>> {
      await changes.run(caller, async (tx, record) => {
        const webhook = await get(tx, input.id, caller.workspace);
        await saveSecret(tx, webhook, null);
        await webhookStore(tx).delete(webhook.id);
        record({ action: 'webhook.deleted', subject: webhookUri(webhook.id), detail: toDetail(webhook) });
      });
      return {};
    },

    /** Says whether the receiver took an example, and nothing of what it answered. */
    async test(input: Input<Contract['test']>, caller: Caller): Promise<WebhookTest> {
      const webhook = await get(db, input.id, caller.workspace);
      const event = input.event ?? webhook.events[0] ?? 'registered_model.created';
      const body = toExample(event, clock.now());
      const tried = await deliveries.send(webhook, { deliveryId: newId('delivery'), event, body });
      if (tried.isDelivered) return { success: true, status: tried.status, error: null };
      return { success: false, status: tried.status, error: tried.reason };
    },

    async listDeliveries(
      input: Input<Contract['listDeliveries']>,
      caller: Caller,
    ): Promise<Page<WebhookDelivery>> {
      const webhook = await get(db, input.id, caller.workspace);
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isNumber);
      const rows = await deliveryStore(db).list(webhook.id, before, limit + 1);
      const page = toPage(rows, limit, (delivery) => delivery.eventId);
      return { ...page, items: page.items.map(toLogEntry) };
    },
  };
}

export type Webhooks = ReturnType<typeof createWebhooks>;

function merge(webhook: StoredWebhook, input: Input<Contract['update']>, now: number): StoredWebhook {
  const { name, url, description, events, status, secret } = input;
  return {
    ...webhook,
    name: name ?? webhook.name,
    url: url ?? webhook.url,
    description: description ?? webhook.description,
    events: events ? [...new Set(events)] : webhook.events,
    status: status ?? webhook.status,
    hasSecret: secret === undefined ? webhook.hasSecret : secret !== null,
    updatedAt: now,
  };
}

/** For the audit, which every reader sees: of the address only the host, as the rest is often a secret. */
const toDetail = ({ name, url, events, status, hasSecret }: StoredWebhook) => ({
  name,
  host: URL.parse(url)?.host ?? '',
  events,
  status,
  hasSecret,
});

const toContract = ({ workspace: _w, ...webhook }: StoredWebhook): Webhook => webhook;
const toLogEntry = ({ webhook: _w, eventId: _e, message: _m, ...entry }: StoredDelivery): WebhookDelivery =>
  entry;
