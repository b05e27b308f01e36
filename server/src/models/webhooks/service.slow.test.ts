import { createHmac } from 'node:crypto';
import type { Webhook, WebhookDelivery } from '@tidemill/contract';
import { expect, onTestFinished, test } from 'vitest';
import { createAudit, createChanges } from '../../access/audit/service.ts';
import { createSecrets } from '../../access/secrets/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import { webhookNotifier } from '../../adapters/notify/webhook.ts';
import type { Caller } from '../../base/caller.ts';
import { systemClock } from '../../base/clock.ts';
import { createLogger } from '../../base/logger.ts';
import { createEvents } from '../../platform/events/service.ts';
import { createTasks } from '../../platform/tasks/service.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { until } from '../../testing/until.ts';
import { openReceiver } from '../../testing/webhook-receiver.ts';
import { keptDeliveries, mostWebhooks } from './rules.ts';
import { createWebhooks } from './service.ts';

let workspaces = 0;
const soon = { attempts: 3, firstDelayMs: 20, longestDelayMs: 40 };
/** Longer than any test: what waits for its next try is still waiting when the test looks. */
const late = { attempts: 3, firstDelayMs: 600_000, longestDelayMs: 600_000 };

async function openWebhooks(db: Db, timeoutMs = 2000, retry = soon) {
  workspaces += 1;
  const caller: Caller = { actor: 'user:anna', role: 'admin', workspace: `w${workspaces}` };
  const [logger, clock] = [createLogger('silent'), systemClock];
  const events = createEvents({ db, clock, logger });
  const changes = createChanges({ db, clock, events });
  const tasks = createTasks({ db, clock, logger, exclusive: true });
  const destinations = { schemes: ['http', 'https'] as const, allowPrivate: true };
  const sender = webhookNotifier({ destinations, format: 'mlflow', timeoutMs });
  const secrets = createSecrets({ db, clock, key: Buffer.alloc(32, 1), file: '/nonexistent' });
  const webhooks = createWebhooks({ db, changes, events, tasks, clock, secrets, sender, retry });
  await events.start();
  await tasks.start();
  onTestFinished(async () => {
    await tasks.stop();
    await events.stop();
  });
  const emit = (action: string, detail: Record<string, unknown>) =>
    changes.run(caller, async (_tx, record) => record({ action, subject: 'model:forecaster', detail }));
  const create = (url: string, change: Partial<Parameters<typeof webhooks.create>[0]> = {}) =>
    webhooks.create({ name: 'ci', url, events: ['registered_model.created'], ...change }, caller);
  const log = async (webhook: Webhook): Promise<WebhookDelivery[]> =>
    (await webhooks.listDeliveries({ id: webhook.id, limit: 1000 }, caller)).items;
  const settled = (webhook: Webhook, count: number) =>
    until(
      () => log(webhook),
      (items) => items.length === count && items.every((item) => item.finishedAt !== null),
    );
  return { webhooks, caller, emit, create, log, settled, audit: createAudit({ db, clock, logger }), db };
}

describeEachDatabase('webhooks', (open) => {
  test('a change of the registry is told to who listens, signed, once', async () => {
    const { emit, create, settled } = await openWebhooks((await open()).db);
    const receiver = await openReceiver(204);
    const webhook = await create(receiver.url, { secret: 'swordfish' });
    const deaf = await create(receiver.url, { events: ['model_version.created'] });
    const off = await create(receiver.url, { status: 'disabled' });
    await emit('model.created', { name: 'forecaster', description: '', tags: { team: 'demand' } });
    await emit('model.evaluated', { name: 'forecaster' });
    const [delivery] = await settled(webhook, 1);
    expect(delivery).toMatchObject({
      event: 'registered_model.created',
      subject: 'model:forecaster',
      state: 'delivered',
      attempts: 1,
      status: 204,
      error: null,
      nextTryAt: null,
    });
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
    expect(JSON.parse(body)).toEqual({
      entity: 'registered_model',
      action: 'created',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*\+00:00$/),
      data: { name: 'forecaster', description: null, tags: { team: 'demand' } },
    });
    expect(headers['x-mlflow-delivery-id']).toBe(delivery?.id);
    const signed = `${delivery?.id}.${headers['x-mlflow-timestamp']}.${body}`;
    expect(headers['x-mlflow-signature']).toBe(
      `v1,${createHmac('sha256', 'swordfish').update(signed).digest('base64')}`,
    );
    expect(receiver.received).toHaveLength(1);
    for (const silent of [deaf, off]) await settled(silent, 0);
  });

  test('a receiver that fails is tried again with the same message, later and later, not for ever', async () => {
    const { emit, create, settled, log } = await openWebhooks((await open()).db);
    const [mending, broken, refusing] = [
      await openReceiver(503, 429, 200),
      await openReceiver(500),
      await openReceiver(404),
    ];
    const hooks = [await create(mending.url), await create(broken.url), await create(refusing.url)] as const;
    await emit('model.created', { name: 'forecaster' });
    expect(await settled(hooks[0], 1)).toMatchObject([{ state: 'delivered', attempts: 3, status: 200 }]);
    expect(await settled(hooks[1], 1)).toMatchObject([
      { state: 'failed', attempts: 3, status: 500, error: 'it answers 500' },
    ]);
    expect(await settled(hooks[2], 1)).toMatchObject([{ state: 'failed', attempts: 1, status: 404 }]);
    const ids = mending.received.map(({ headers }) => headers['x-mlflow-delivery-id']);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
    expect(new Set(mending.received.map(({ body }) => body)).size).toBe(1);
    expect(JSON.stringify(await log(hooks[1]))).not.toMatch(/hidden|the answer/);
  });

  test('a receiver that is down keeps nothing from the others', async () => {
    const { emit, create, settled, log } = await openWebhooks((await open()).db, 100);
    const [dead, living] = [await openReceiver(0), await openReceiver(200)];
    const hooks = [await create(dead.url), await create(living.url)] as const;
    for (let n = 1; n <= 10; n += 1) await emit('model.created', { name: `m${n}` });
    await settled(hooks[1], 10);
    expect(living.heard().map(({ data }) => data.name)).toEqual(
      Array.from({ length: 10 }, (_, n) => `m${n + 1}`),
    );
    const tried = (items: WebhookDelivery[]) => items.find((item) => item.attempts > 0);
    const items = await until(
      () => log(hooks[0]),
      (found) => tried(found) !== undefined,
    );
    expect(tried(items)).toMatchObject({ status: null, error: 'no answer within 0.1 s' });
  });

  test('disabled or deleted, a webhook gets nothing of what it was owed', async () => {
    const { webhooks, emit, create, log, settled, caller, db } = await openWebhooks(
      (await open()).db,
      2000,
      late,
    );
    const receiver = await openReceiver(503, 200);
    const webhook = await create(receiver.url, { secret: 'swordfish' });
    await emit('model.created', { name: 'forecaster' });
    await until(
      () => log(webhook),
      ([item]) => (item?.attempts ?? 0) > 0,
    );
    await webhooks.update({ id: webhook.id, status: 'disabled' }, caller);
    expect(await settled(webhook, 1)).toMatchObject([{ state: 'cancelled', nextTryAt: null }]);
    await webhooks.update({ id: webhook.id, status: 'active' }, caller);
    await emit('model.created', { name: 'second' });
    await settled(webhook, 2);
    const heard = receiver.heard().length;
    await webhooks.delete({ id: webhook.id }, caller);
    await emit('model.created', { name: 'third' });
    await expect(webhooks.get({ id: webhook.id }, caller)).rejects.toMatchObject({ code: 'webhookNotFound' });
    await expect(webhooks.delete({ id: webhook.id }, caller)).rejects.toMatchObject({ status: 404 });
    expect(receiver.heard()).toHaveLength(heard);
    for (const table of ['webhook_deliveries', 'secrets'] as const) {
      const rows = await db.selectFrom(table).selectAll().execute();
      expect(JSON.stringify(rows)).not.toContain(webhook.id);
    }
  });

  test('what an event wrote down while its webhook went away is cancelled or forgotten', async () => {
    const { emit, create, settled, log, db } = await openWebhooks((await open()).db, 200);
    const receiver = await openReceiver(0);
    const [disabled, deleted] = [await create(receiver.url), await create(receiver.url)] as const;
    await emit('model.created', { name: 'forecaster' });
    await until(
      () => receiver.received.length,
      (count) => count === 2,
    );
    // As if the event had looked before the change and written after it.
    await db.updateTable('webhooks').set({ status: 'disabled' }).where('id', '=', disabled.id).execute();
    await db.deleteFrom('webhooks').where('id', '=', deleted.id).execute();
    const cancelled = { state: 'cancelled', attempts: 1, nextTryAt: null };
    expect(await settled(disabled, 1)).toMatchObject([cancelled]);
    await until(
      () => db.selectFrom('webhook_deliveries').selectAll().where('webhook', '=', deleted.id).execute(),
      (rows) => rows.length === 0,
    );
    expect(await log(disabled)).toMatchObject([cancelled]);
  });

  test('it can be changed in part, and its secret is nowhere to be read', async () => {
    const { webhooks, create, caller, audit } = await openWebhooks((await open()).db);
    const receiver = await openReceiver(200);
    const webhook = await create(receiver.url, { secret: 'swordfish', description: 'the build' });
    expect(webhook).toMatchObject({ hasSecret: true, status: 'active', createdBy: 'user:anna' });
    const changed = await webhooks.update(
      { id: webhook.id, name: 'cd', events: ['model_version.created', 'model_version.created'] },
      caller,
    );
    expect(changed).toMatchObject({
      ...{ name: 'cd', url: receiver.url, description: 'the build', hasSecret: true },
      events: ['model_version.created'],
    });
    const tested = await webhooks.test({ id: webhook.id }, caller);
    expect(tested).toEqual({ success: true, status: 200, error: null });
    expect(receiver.received[0]?.headers['x-mlflow-signature']).toMatch(/^v1,/);
    expect(await webhooks.update({ id: webhook.id, secret: null }, caller)).toMatchObject({
      hasSecret: false,
    });
    await webhooks.test({ id: webhook.id }, caller);
    expect(receiver.received[1]?.headers['x-mlflow-signature']).toBeUndefined();
    const { items } = await audit.list({ subject: `webhook:${webhook.id}` }, caller);
    expect(items.map(({ action }) => action)).toEqual([
      'webhook.updated',
      'webhook.updated',
      'webhook.created',
    ]);
    expect(JSON.stringify([webhook, changed, items])).not.toContain('swordfish');
    expect(JSON.stringify(items)).not.toContain('hidden');
    expect(await webhooks.list({}, { ...caller, workspace: 'elsewhere' })).toMatchObject({ items: [] });
    await expect(webhooks.get({ id: webhook.id }, { ...caller, workspace: 'elsewhere' })).rejects.toThrow();
  });

  test('a secret that does not open is said, and no message goes out unsigned', async () => {
    const { webhooks, emit, create, settled, caller, db } = await openWebhooks((await open()).db);
    const receiver = await openReceiver(200);
    const webhook = await create(receiver.url, { secret: 'swordfish' });
    await db
      .updateTable('secrets')
      .set({ key_id: 'another' })
      .where('owner', '=', `webhook:${webhook.id}`)
      .execute();
    const tested = await webhooks.test({ id: webhook.id }, caller);
    expect(tested).toMatchObject({ success: false, status: null });
    expect(tested.error).toContain('was sealed with the key another');
    await emit('model.created', { name: 'forecaster' });
    expect(await settled(webhook, 1)).toMatchObject([{ state: 'failed', attempts: 3, status: null }]);
    expect(receiver.received).toEqual([]);
  });

  test('bad input is refused and nothing of it is written', async () => {
    const { webhooks, create, caller } = await openWebhooks((await open()).db);
    const url = 'http://127.0.0.1:1/';
    for (const name of ['', '-x', 'x-', 'a b', 'a/b', 'x'.repeat(64), 'a\0b', '☂'])
      await expect(create(url, { name }), name).rejects.toMatchObject({
        code: 'webhookInvalid',
        status: 400,
      });
    await expect(create(url, { events: [] })).rejects.toMatchObject({ code: 'webhookInvalid' });
    await expect(create(url, { description: 'x'.repeat(5001) })).rejects.toMatchObject({ status: 400 });
    await expect(create('http://169.254.169.254/')).rejects.toMatchObject({ code: 'notificationUrlRefused' });
    await expect(create('file:///etc/passwd')).rejects.toMatchObject({ code: 'notificationUrlRefused' });
    await expect(create(`${url}${'x'.repeat(2000)}`)).rejects.toMatchObject({ code: 'webhookInvalid' });
    const kept = await create(url);
    for (const change of [{ url: 'http://169.254.169.254/' }, { name: '' }, { events: [] }])
      await expect(webhooks.update({ id: kept.id, ...change }, caller)).rejects.toMatchObject({
        status: 400,
      });
    expect((await webhooks.list({}, caller)).items).toEqual([kept]);
  });

  test('there is an end to how many there may be, and to what is remembered', async () => {
    const { webhooks, create, emit, settled, caller } = await openWebhooks((await open()).db);
    const receiver = await openReceiver(200);
    const webhook = await create(receiver.url);
    const many = keptDeliveries + 20;
    for (let n = 0; n < many; n += 1) await emit('model.created', { name: `m${n}` });
    await until(
      () => receiver.received.length,
      (count) => count === many,
    );
    const kept = await settled(webhook, keptDeliveries);
    expect(kept.every((item) => item.state === 'delivered')).toBe(true);
    for (let n = 1; n < mostWebhooks; n += 1) await create(receiver.url, { status: 'disabled' });
    await expect(create(receiver.url)).rejects.toMatchObject({ code: 'webhooksTooMany' });
    const first = await webhooks.list({ limit: 60 }, caller);
    const second = await webhooks.list({ limit: 60, cursor: first.nextCursor ?? '' }, caller);
    expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(mostWebhooks);
    expect(second.nextCursor).toBeNull();
  });
});
