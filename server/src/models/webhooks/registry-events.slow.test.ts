// What the registry really says, heard by a receiver; and what is owed is paid by the next process.
import { expect, onTestFinished, test } from 'vitest';
import { startKillableServer } from '../../testing/killable-server.ts';
import { createTestPlatform, owner, type TestPlatform } from '../../testing/platform.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { until } from '../../testing/until.ts';
import { openReceiver } from '../../testing/webhook-receiver.ts';
import { webhookEvents } from './messages.ts';

const webhookDestinations = { schemes: ['http'] as const, allowPrivate: true };

async function openPlatform(dataFolder?: string): Promise<TestPlatform> {
  const platform = await createTestPlatform({ webhookDestinations, ...(dataFolder && { dataFolder }) });
  onTestFinished(() => platform.close());
  return platform;
}

const hook = (url: string, secret?: string) => ({
  ...{ name: 'ci', url, events: [...webhookEvents] },
  ...(secret && { secret }),
});

test("each of the registry's changes arrives in MLflow's words, in order", async () => {
  const platform = await openPlatform();
  const receiver = await openReceiver(200);
  await platform.services.webhooks.create(hook(receiver.url), owner);
  const call = async (method: 'POST' | 'DELETE', path: string, payload: object) => {
    const url = `/api/2.0/mlflow/${path}`;
    const reply = await platform.http.inject({ method, url, headers: { host: 'localhost' }, payload });
    expect(reply.statusCode, `${path}: ${reply.body}`).toBe(200);
  };
  const name = 'my model';
  const tags = [{ key: 'team', value: 'demand' }];
  await call('POST', 'registered-models/create', { name, tags, description: 'of prices' });
  const source = 's3://bucket/model';
  await call('POST', 'model-versions/create', { name, source, tags, description: 'the first' });
  const at = { name, version: '1' };
  await call('POST', 'model-versions/set-tag', { ...at, key: 'stage', value: 'tested' });
  await call('DELETE', 'model-versions/delete-tag', { ...at, key: 'stage' });
  await call('POST', 'registered-models/alias', { ...at, alias: 'best' });
  await call('DELETE', 'registered-models/alias', { name, alias: 'best' });
  await until(
    () => receiver.received.length,
    (count) => count === 6,
  );
  const told = receiver.heard().map(({ entity, action, data }) => [`${entity}.${action}`, data]);
  expect(told).toEqual([
    ['registered_model.created', { name, tags: { team: 'demand' }, description: 'of prices' }],
    [
      'model_version.created',
      { ...at, source, run_id: null, tags: { team: 'demand' }, description: 'the first' },
    ],
    ['model_version_tag.set', { ...at, key: 'stage', value: 'tested' }],
    ['model_version_tag.deleted', { ...at, key: 'stage' }],
    ['model_version_alias.created', { ...at, alias: 'best' }],
    ['model_version_alias.deleted', { name, alias: 'best' }],
  ]);
});

test('what was owed when the process was killed is delivered by the next one', async () => {
  const folder = await tempDir();
  const receiver = await openReceiver(0);
  const first = await createTestPlatform({ webhookDestinations, dataFolder: folder });
  const { id } = await first.services.webhooks.create(hook(receiver.url, 'swordfish'), owner);
  await first.close();
  const server = await startKillableServer(folder, 'registry.create', { name: 'forecaster' });
  await until(
    () => receiver.received.length,
    (count) => count === 1,
  );
  await server.kill();
  receiver.answerWith(200);
  const second = await openPlatform(folder);
  const [delivery] = await until(
    async () => (await second.services.webhooks.listDeliveries({ id }, owner)).items,
    ([item]) => item?.state === 'delivered',
  );
  expect(delivery).toMatchObject({ event: 'registered_model.created', status: 200, attempts: 1 });
  const [interrupted, again] = receiver.received;
  expect(receiver.received).toHaveLength(2);
  expect(again?.headers['x-mlflow-delivery-id']).toBe(interrupted?.headers['x-mlflow-delivery-id']);
  expect(again?.headers['x-mlflow-signature']).toMatch(/^v1,/);
  expect(again?.body).toBe(interrupted?.body);
});

test('a change told twice by the outbox is delivered once, one from before the webhook never', async () => {
  const receiver = await openReceiver(200);
  const first = await openPlatform();
  await first.services.registry.create({ name: 'earlier' }, owner);
  const then = Date.now();
  await until(Date.now, (now) => now > then);
  const { id } = await first.services.webhooks.create(hook(receiver.url), owner);
  await first.services.registry.create({ name: 'forecaster' }, owner);
  await until(
    async () => (await first.services.webhooks.listDeliveries({ id }, owner)).items,
    ([item]) => item?.state === 'delivered',
  );
  await first.services.events.stop();
  await first.database.db.updateTable('event_cursors').set({ last_id: 0 }).execute();
  await first.services.events.start();
  await first.services.registry.create({ name: 'second' }, owner);
  await until(
    () => receiver.received.length,
    (count) => count === 2,
  );
  expect(receiver.heard().map(({ data }) => data.name)).toEqual(['forecaster', 'second']);
});
