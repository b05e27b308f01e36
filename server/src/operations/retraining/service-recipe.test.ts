import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPricePlatform, dayMs, type PricePlatform, walk } from '../../testing/price-platform.ts';
import { until } from '../../testing/until.ts';

const shift = 70;
const days = walk(400);
const moved = walk(120, 11).map((day, i) => ({
  time: (days.at(-1)?.time ?? 0) + (i + 1) * dayMs,
  ...{ close: day.close + shift, before: day.before + shift, next: day.next + shift },
}));
const policy = {
  name: 'prices',
  endpoint: 'forecast',
  model: 'forecaster',
  trainingSet: {
    name: 'forecaster-days',
    entities: 'select symbol, cast(day as timestamp) as event_time from days',
    service: 'pair',
    label: {
      sql: 'select symbol, cast(day as timestamp) as event_time, next, cast(day as timestamp) as known_at from days',
      column: 'next',
      knownAt: 'known_at',
    },
  },
  sweep: {
    ...{ experiment: 'retraining', features: ['close', 'before'], target: 'next', timeColumn: 'event_time' },
    ...{ learners: ['ridge' as const], trials: 2, folds: 2, seed: 1 },
  },
  evaluation: { baseline: 'close', window: { last: 100 } },
};

let platform: PricePlatform;
beforeAll(async () => {
  platform = await createPricePlatform({ days, learner: 'trees' });
  const { services, caller } = platform;
  await services.features.put(
    {
      name: 'stats',
      sql: 'select symbol, cast(day as timestamp) as event_time, close, before from days',
      entity: ['symbol'],
      eventTime: 'event_time',
    },
    caller,
  );
  await services.features.services.put({ name: 'pair', features: ['stats'] }, caller);
  const rules = [{ name: 'measured', expression: 'metrics.mae >= 0.0', message: 'there is a figure' }];
  await services.governance.putGate({ name: 'forecaster', rules }, caller);
}, 60_000);
afterAll(() => platform.close());

test('a recipe names a service or views, and a service that is there', async () => {
  const { services, caller } = platform;
  const put = (trainingSet: object) =>
    services.retraining.putPolicy(
      { ...policy, trainingSet: { ...policy.trainingSet, ...trainingSet } },
      caller,
    );
  await expect(put({ views: ['stats'] })).rejects.toMatchObject({ code: 'retrainingPolicyInvalid' });
  await expect(put({ service: undefined })).rejects.toMatchObject({ code: 'retrainingPolicyInvalid' });
  await expect(put({ service: 'nothing' })).rejects.toMatchObject({ code: 'featureServiceNotFound' });
});

test('the next model looks up the service that it learned from, in its newest version', async () => {
  const { services, caller } = platform;
  await services.features.materialize({ name: 'stats', version: '1', wait: true }, caller);
  const variants = [{ name: 'main', model: 'forecaster@1', weight: 1, service: 'pair@1' }];
  await services.endpoints.put({ name: 'forecast', variants, entity: ['symbol'] }, caller);
  await services.features.services.put({ name: 'pair', features: ['stats:before', 'stats:close'] }, caller);
  await services.retraining.putPolicy(policy, caller);
  for (const day of moved.slice(0, 4)) {
    await platform.predict(day);
    await platform.tell(day);
  }
  const { id } = await services.retraining.start({ policy: 'prices', reason: 'by hand' }, caller);
  const run = await until(
    () => services.retraining.get({ id }, caller),
    ({ rollout, finishedAt }) => rollout !== null || finishedAt !== null,
    60_000,
  );
  const rollout = await services.rollouts.get({ id: run.rollout ?? '' }, caller);
  expect(rollout.service).toBe('pair@2');
  const { live } = await services.endpoints.get({ name: 'forecast' }, caller);
  expect(live.variants[1]).toMatchObject({ model: 'forecaster@2', service: 'pair@2', shadow: true });
}, 90_000);

test('a rollout by hand names the service of its candidate', async () => {
  const { services, caller } = platform;
  const { items } = await services.rollouts.list({ endpoint: 'forecast' }, caller);
  for (const { id } of items) await services.rollouts.rollBack({ id, reason: 'enough' }, caller);
  const request = { endpoint: 'forecast', candidate: 'forecaster@1', service: 'pair@2' };
  const both = services.rollouts.start({ ...request, view: 'stats@1' }, caller);
  await expect(both).rejects.toMatchObject({ code: 'rolloutRefused' });
  const started = await services.rollouts.start(request, caller);
  expect(started.service).toBe('pair@2');
}, 60_000);
