import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createChanges } from '../../access/audit/service.ts';
import { createSecrets } from '../../access/secrets/service.ts';
import { webhookNotifier } from '../../adapters/notify/webhook.ts';
import { systemCaller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { createLogger } from '../../base/logger.ts';
import { createEvents } from '../../platform/events/service.ts';
import { describeEachDatabase, type OpenDatabase } from '../../testing/each-database.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { openReceiver } from '../../testing/webhook-receiver.ts';
import type { LoggedPrediction } from '../predictions/service.ts';
import { createEventSinks } from './service.ts';

const caller = systemCaller('test', 'default');
const at = Date.parse('2026-03-01T12:00:00Z');

const prediction = (id: string, more: Partial<LoggedPrediction> = {}): LoggedPrediction => ({
  ...{ id, at, eventTime: at, key: '["Zürich 1"]', revision: 2, variant: 'main', model: 'm@1' },
  ...{ role: 'live', source: 'model', fallbackReason: null, features: { x: 3 }, prediction: 6 },
  ...{ queueMs: 0, featureMs: 0, inferenceMs: 1, totalMs: 2, ...more },
});

let number = 0;

async function openSinks(open: OpenDatabase, allowPrivate = true) {
  const { db } = await open();
  const clock = { now: () => Date.now() };
  const logger = createLogger('silent');
  const events = createEvents({ db, clock, logger });
  const changes = createChanges({ db, clock, events });
  const file = join(await tempDir(), 'secret.key');
  const secrets = createSecrets({ db, clock, key: null, file });
  secrets.start();
  const name = `forecast-${number++}`;
  const sender = webhookNotifier({
    destinations: { schemes: ['http', 'https'], allowPrivate },
    format: 'cloudevents',
  });
  const sinks = createEventSinks({
    ...{ db, clock, logger, changes, events, secrets, sender },
    assertEndpoint(asked) {
      if (asked !== name) throw errors.endpointNotFound({ name: asked });
    },
  });
  await events.start();
  await sinks.start();
  onTestFinished(async () => {
    await sinks.stop();
    await events.stop();
  });
  return { sinks, name, changes, tap: sinks.tap('default', name) };
}

describeEachDatabase('event sinks', (open) => {
  test('predictions go out together, as CloudEvents, signed as webhooks are', async () => {
    const { sinks, name, tap } = await openSinks(open);
    const receiver = await openReceiver(200);
    tap(prediction('before'));
    const secret = 'an old secret';
    const put = await sinks.put({ name, url: receiver.url, secret }, caller);
    expect(put).toMatchObject({ endpoint: name, mode: 'batch', content: 'full', hasSecret: true });
    tap(prediction('a'));
    tap(prediction('b', { role: 'shadow' }));
    tap(prediction('c', { status: 'refused', error: 'featureInvalid: x', prediction: null, key: '' }));
    await vi.waitFor(() => expect(sinks.get({ name }, caller).counts.delivered).toBe(3), { timeout: 20_000 });
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
    expect(receiver.received).toHaveLength(1);
    expect(headers['content-type']).toBe('application/cloudevents-batch+json; charset=UTF-8');
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const signature = createHmac('sha256', secret).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signature}`);
    const told = JSON.parse(body) as Record<string, unknown>[];
    expect(told[0]).toEqual({
      specversion: '1.0',
      id: 'a',
      source: `/api/v1/endpoints/${name}`,
      type: 'tidemill.prediction.answered',
      subject: '["Zürich 1"]',
      time: '2026-03-01T12:00:00.000Z',
      datacontenttype: 'application/json',
      data: {
        ...{ endpoint: name, revision: 2, variant: 'main', model: 'm@1', role: 'live', source: 'model' },
        ...{ fallbackReason: null, status: 'ok', error: null, fallbackStep: null, caller: null },
        ...{ requestId: null, eventTime: '2026-03-01T12:00:00.000Z', warnings: [] },
        milliseconds: { queue: 0, features: 0, inference: 1, total: 2 },
        ...{ features: { x: 3 }, prediction: 6, output: null },
      },
    });
    expect(told.map(({ type }) => type)).toEqual([
      'tidemill.prediction.answered',
      'tidemill.prediction.shadowed',
      'tidemill.prediction.failed',
    ]);
    expect(told[2]).not.toHaveProperty('subject');
  });

  test('in binary mode attributes are headers; without content nobody learns what the model saw', async () => {
    const { sinks, name, tap } = await openSinks(open);
    const receiver = await openReceiver(200);
    await sinks.put({ name, url: receiver.url, mode: 'binary', content: 'metadata' }, caller);
    tap(prediction('a'));
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1), { timeout: 20_000 });
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': 'a',
      'ce-type': 'tidemill.prediction.answered',
      'ce-subject': '[%22Z%C3%BCrich%201%22]',
    });
    expect(headers).not.toHaveProperty('webhook-signature');
    const data = JSON.parse(body);
    expect(data).toMatchObject({ endpoint: name, status: 'ok' });
    for (const field of ['features', 'prediction', 'output']) expect(data).not.toHaveProperty(field);
  });

  test('a receiver that is down is asked again; one that refuses loses what it refused, and it is counted', async () => {
    const { sinks, name, tap } = await openSinks(open);
    const receiver = await openReceiver(503, 200, 400);
    await sinks.put({ name, url: receiver.url, mode: 'structured' }, caller);
    tap(prediction('a'));
    await vi.waitFor(() => expect(sinks.get({ name }, caller).counts.delivered).toBe(1), { timeout: 20_000 });
    expect(receiver.heard().map(({ id }) => id)).toEqual(['a', 'a']);
    tap(prediction('b'));
    await vi.waitFor(
      () => expect(sinks.get({ name }, caller).counts).toMatchObject({ delivered: 1, lost: 1, waiting: 0 }),
      { timeout: 20_000 },
    );
    expect(sinks.get({ name }, caller).counts.problem).toBe('it answers 400');
  });

  test('an address within is refused, and a deleted endpoint tells nobody any more', async () => {
    const strict = await openSinks(open, false);
    const url = 'http://127.0.0.1:9/events';
    await expect(strict.sinks.put({ name: strict.name, url }, caller)).rejects.toMatchObject({
      code: 'notificationUrlRefused',
    });
    const { sinks, name, changes } = await openSinks(open);
    expect(() => sinks.get({ name }, caller)).toThrow('has no event sink');
    await expect(sinks.put({ name: 'no-such', url }, caller)).rejects.toMatchObject({
      code: 'endpointNotFound',
    });
    await sinks.put({ name, url }, caller);
    await changes.run(caller, async (_tx, record) => {
      record({ action: 'endpoint.deleted', subject: `endpoint:${name}`, detail: { endpoint: name } });
    });
    await vi.waitFor(() => expect(() => sinks.get({ name }, caller)).toThrow('has no event sink'), {
      timeout: 20_000,
    });
  });
});
