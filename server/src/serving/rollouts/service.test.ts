import { setImmediate } from 'node:timers/promises';
import type { Rollout, RolloutPolicy, Variant } from '@tidemill/contract';
import { expect, onTestFinished, test } from 'vitest';
import { systemCaller } from '../../base/caller.ts';
import { describeEachDatabase, type OpenDatabase } from '../../testing/each-database.ts';
import { createServingWing, type ServingWing } from '../../testing/serving-wing.ts';
import { tempDir } from '../../testing/temp-dir.ts';

const caller = systemCaller('test', 'default');
const start = Date.parse('2023-01-01T00:00:00Z');
const dayMs = 86_400_000;
const main: Variant = { name: 'main', model: 'forecaster@1', weight: 1 };
const policy: RolloutPolicy = { minimumPairs: 8, canaryPairs: 4, canaryWeight: 0.5 };

let number = 0;
const newName = () => `forecast-${number++}`;

/** forecaster@1 is 3 too high, @2 is 1 too high, @3 is 6 too high, @4 a hundredfold too high: truth is the close. */
async function openWing(open: OpenDatabase, folder?: string): Promise<ServingWing> {
  const wing = await createServingWing(await open(), folder ?? (await tempDir()));
  onTestFinished(() => wing.close());
  const inputs = ['close'];
  await wing.addModel('forecaster@1', { inputs, weights: [1], intercept: 3 });
  await wing.addModel('forecaster@2', { inputs, weights: [1], intercept: 1 });
  await wing.addModel('forecaster@3', { inputs, weights: [1], intercept: 6 });
  await wing.addModel('forecaster@4', { inputs, weights: [100], intercept: 0 });
  return wing;
}

async function openEndpoint(wing: ServingWing): Promise<string> {
  const name = newName();
  const definition = { variants: [main], entity: ['ticker'], fallback: 'record.close', alias: 'champion' };
  await wing.endpoints.put({ name, ...definition }, caller);
  return name;
}

/** One day: a prediction for each of two records of load, then what really happened. */
async function play(wing: ServingWing, name: string, day: number): Promise<void> {
  const eventTime = start + day * dayMs;
  const close = 100 + Math.sin(day);
  const records = [{ ticker: 'AAPL', close }];
  await wing.endpoints.predict({ name, records, eventTime }, caller);
  await wing.endpoints.predict({ name, records, eventTime }, caller);
  await wing.endpoints.settled();
  // A little noise, so that differences differ.
  const value = close + ((day * 7) % 5) / 10;
  await wing.predictions.recordOutcomes(
    { name, outcomes: [{ entity: { ticker: 'AAPL' }, eventTime, value }] },
    caller,
  );
}

/** Days that count as history: a quick machine plays three in a millisecond, and what shares that of the start is none. */
async function playBefore(wing: ServingWing, name: string, days: number): Promise<void> {
  for (let day = 0; day < days; day++) await play(wing, name, day);
  const last = Date.now();
  while (Date.now() === last) await setImmediate();
}

async function playUntil(
  wing: ServingWing,
  name: string,
  id: string,
  stage: Rollout['stage'],
  from = 0,
): Promise<number> {
  for (let day = from; day < from + 60; day++) {
    if ((await wing.rollouts.judge(id, 'default')).stage === stage) return day;
    await play(wing, name, day);
  }
  throw new Error(`never ${stage}: ${JSON.stringify(await wing.rollouts.get({ id }, caller))}`);
}

const stagesOf = (rollout: Rollout) => rollout.timeline.map((entry) => entry.stage);

describeEachDatabase('rollouts', (open) => {
  test('a better candidate goes from shadow over canary to promoted, and the alias with it', async () => {
    const wing = await openWing(open);
    const name = await openEndpoint(wing);
    const rollout = await wing.rollouts.start({ endpoint: name, candidate: 'forecaster@2', policy }, caller);
    expect(rollout).toMatchObject({ stage: 'shadow', champion: 'forecaster@1', evidence: null });
    await play(wing, name, 0);
    const first = await wing.rollouts.judge(rollout.id, 'default');
    expect(first.evidence).toMatchObject({ verdict: 'inconclusive', pairs: 1 });
    const canaryDay = await playUntil(wing, name, rollout.id, 'canary', 1);
    expect(canaryDay).toBe(8);
    expect(wing.aliases.get('forecaster@champion')).toBe(1);
    const live = (await wing.endpoints.get({ name }, caller)).live.variants.filter(
      (variant) => !variant.shadow,
    );
    expect(live.map((variant) => variant.weight)).toEqual([0.5, 0.5]);
    const promotedDay = await playUntil(wing, name, rollout.id, 'promoted', canaryDay);
    expect(promotedDay - canaryDay).toBe(4);
    const ended = await wing.rollouts.get({ id: rollout.id }, caller);
    expect(stagesOf(ended)).toEqual(['shadow', 'canary', 'promoted']);
    expect(ended.evidence).toMatchObject({ verdict: 'candidate-better', pairs: 12 });
    expect(ended.evidence?.meanDifference).toBeLessThan(0);
    expect((await wing.endpoints.get({ name }, caller)).live.variants).toEqual([
      { ...main, model: 'forecaster@2' },
    ]);
    expect(wing.aliases.get('forecaster@champion')).toBe(2);
    expect(await wing.rollouts.activeFor(name, 'default')).toBeNull();
  });

  test('back from a promotion is what was live before the rollout', async () => {
    const wing = await openWing(open);
    const name = await openEndpoint(wing);
    const { id } = await wing.rollouts.start({ endpoint: name, candidate: 'forecaster@2', policy }, caller);
    await playUntil(wing, name, id, 'promoted');
    const revision = await wing.endpoints.rollback({ name, reason: 'customers complain' }, caller);
    expect(revision.variants).toEqual([main]);
    expect(wing.aliases.get('forecaster@champion')).toBe(1);
  });

  test('a rollback of the endpoint in canary ends the rollout and leaves nothing of the candidate', async () => {
    const wing = await openWing(open);
    const name = await openEndpoint(wing);
    const started = { endpoint: name, candidate: 'forecaster@2', policy };
    const { id } = await wing.rollouts.start(started, caller);
    await playUntil(wing, name, id, 'canary');
    await wing.endpoints.rollback({ name, reason: 'mine' }, caller);
    expect((await wing.rollouts.judge(id, 'default')).stage).toBe('rolled-back');
    expect((await wing.endpoints.get({ name }, caller)).live.variants).toEqual([main]);
  });

  test('a worse candidate is rejected in shadow and never answers', async () => {
    const wing = await openWing(open);
    const name = await openEndpoint(wing);
    const { id } = await wing.rollouts.start({ endpoint: name, candidate: 'forecaster@3', policy }, caller);
    await playUntil(wing, name, id, 'rejected');
    expect((await wing.endpoints.get({ name }, caller)).live.variants).toEqual([main]);
    const { items } = await wing.predictions.list({ name, model: 'forecaster@3', limit: 1000 }, caller);
    expect(items.every((item) => item.role === 'shadow')).toBe(true);
  });

  test('a scaled release is taken back by its first known error', async () => {
    const wing = await openWing(open);
    const name = await openEndpoint(wing);
    await playBefore(wing, name, 6);
    const started = { endpoint: name, candidate: 'forecaster@4', stage: 'canary' as const, policy };
    const { id } = await wing.rollouts.start(started, caller);
    expect(await playUntil(wing, name, id, 'rolled-back', 6)).toBe(7);
    const ended = await wing.rollouts.get({ id }, caller);
    expect(ended.timeline.at(-1)?.text).toMatch(/^GUARD: an error of 9\d{3}/);
    expect((await wing.endpoints.get({ name }, caller)).live.variants).toEqual([main]);
    expect(wing.aliases.get('forecaster@champion')).toBe(1);
  });

  test('the same model on another view is told apart from the live one', async () => {
    const wing = await openWing(open);
    wing.addView('scaled@1', ['ticker']);
    wing.online.set('scaled@1 ["AAPL"]', { eventTime: start, values: { close: 10_000 } });
    const name = await openEndpoint(wing);
    await playBefore(wing, name, 6);
    const input = { endpoint: name, candidate: 'forecaster@1', view: 'scaled@1', policy };
    const { id } = await wing.rollouts.start(input, caller);
    expect(await playUntil(wing, name, id, 'rolled-back', 6)).toBe(7);
  });

  test('a candidate that cannot answer in canary is taken back', async () => {
    const wing = await openWing(open);
    wing.addView('empty@1', ['ticker']);
    const name = await openEndpoint(wing);
    const candidate = { candidate: 'forecaster@2', view: 'empty@1', stage: 'canary' as const };
    const { id } = await wing.rollouts.start({ endpoint: name, ...candidate, policy }, caller);
    await playUntil(wing, name, id, 'rolled-back');
    const ended = await wing.rollouts.get({ id }, caller);
    expect(ended.timeline.at(-1)?.text).toContain('failed to answer');
  });

  test('outcomes wake the rollout by themselves; a pause holds it, and a rollback by hand works meanwhile', async () => {
    const wing = await openWing(open);
    const name = await openEndpoint(wing);
    const { id } = await wing.rollouts.start({ endpoint: name, candidate: 'forecaster@2', policy }, caller);
    for (let day = 0; day < 8; day++) await play(wing, name, day);
    const stage = async () => (await wing.rollouts.get({ id }, caller)).stage;
    await expect.poll(stage, { timeout: 20_000 }).toBe('canary');
    await wing.tasks.pause(wing.db, 'night');
    for (let day = 8; day < 13; day++) await play(wing, name, day);
    const ended = await wing.rollouts.rollBack({ id, reason: 'not today' }, caller);
    expect(ended.stage).toBe('rolled-back');
    expect(ended.timeline.at(-1)).toMatchObject({ text: 'not today', actor: 'system:test' });
    expect((await wing.endpoints.get({ name }, caller)).live.variants).toEqual([main]);
    const again = wing.rollouts.rollBack({ id, reason: 'twice' }, caller);
    await expect(again).rejects.toMatchObject({ code: 'rolloutFinished', status: 409 });
    await wing.tasks.pause(wing.db, null);
  });

  test('while automation is paused nothing goes forward, and the guard still takes back what does harm', async () => {
    const wing = await openWing(open);
    const name = await openEndpoint(wing);
    await playBefore(wing, name, 6);
    await wing.tasks.pause(wing.db, 'night');
    const started = { endpoint: name, candidate: 'forecaster@4', stage: 'canary' as const, policy };
    const { id } = await wing.rollouts.start(started, caller);
    await play(wing, name, 6);
    const stage = async () => (await wing.rollouts.get({ id }, caller)).stage;
    await expect.poll(stage, { timeout: 20_000 }).toBe('rolled-back');
    await wing.tasks.pause(wing.db, null);
  });

  test('one rollout at a time; a promotion by hand ends it', async () => {
    const wing = await openWing(open);
    const name = await openEndpoint(wing);
    const begin = (candidate: string) => wing.rollouts.start({ endpoint: name, candidate, policy }, caller);
    const { id } = await begin('forecaster@2');
    await expect(begin('forecaster@3')).rejects.toMatchObject({ code: 'rolloutActive', status: 409 });
    expect((await wing.rollouts.activeFor(name, 'default'))?.id).toBe(id);
    expect(await wing.rollouts.promote({ id, reason: 'I know' }, caller)).toMatchObject({
      stage: 'promoted',
    });
    await expect(begin('forecaster@2')).rejects.toMatchObject({ code: 'rolloutRefused' });
    const { items } = await wing.rollouts.list({ endpoint: name, limit: 1 }, caller);
    expect(items.map((item) => item.id)).toEqual([id]);
    await expect(wing.rollouts.get({ id: 'nothing' }, caller)).rejects.toMatchObject({
      code: 'rolloutNotFound',
    });
  });

  test('a release by hand that takes the candidate out ends the rollout', async () => {
    const wing = await openWing(open);
    const name = await openEndpoint(wing);
    const { id } = await wing.rollouts.start({ endpoint: name, candidate: 'forecaster@2', policy }, caller);
    await wing.endpoints.rollback({ name, reason: 'mine' }, caller);
    const stage = async () => (await wing.rollouts.get({ id }, caller)).stage;
    await expect.poll(stage, { timeout: 20_000 }).toBe('rolled-back');
    expect((await wing.endpoints.get({ name }, caller)).live.revision).toBe(3);
  });
});

describeEachDatabase('rollouts beside people', (open) => {
  test('a deleted endpoint ends its rollout, and its name is free for another', async () => {
    const wing = await openWing(open);
    const name = await openEndpoint(wing);
    const begin = () => wing.rollouts.start({ endpoint: name, candidate: 'forecaster@2', policy }, caller);
    const { id } = await begin();
    await wing.endpoints.delete({ name }, caller);
    const ended = await wing.rollouts.judge(id, 'default');
    expect([ended.stage, ended.timeline.at(-1)?.text]).toEqual(['rolled-back', 'the endpoint was deleted']);
    await wing.endpoints.put({ name, variants: [main], entity: ['ticker'] }, caller);
    expect((await begin()).stage).toBe('shadow');
  });

  test('a step judged before a release by hand does not undo it', async () => {
    const wing = await openWing(open);
    const name = await openEndpoint(wing);
    const { id } = await wing.rollouts.start({ endpoint: name, candidate: 'forecaster@2', policy }, caller);
    const byHand = { name, variants: [{ ...main, model: 'forecaster@3' }], entity: ['ticker'] };
    // The put takes its turn first; the promotion has looked at the endpoint before it.
    const [, promoted] = await Promise.allSettled([
      wing.endpoints.put(byHand, caller),
      wing.rollouts.promote({ id, reason: 'I know' }, caller),
    ]);
    const live = (await wing.endpoints.get({ name }, caller)).live.variants.map(({ model }) => model);
    expect(live).toEqual(['forecaster@3']);
    if (promoted.status === 'rejected') expect(promoted.reason).toMatchObject({ code: 'endpointChanged' });
    const stage = async () => (await wing.rollouts.judge(id, 'default')).stage;
    await expect.poll(stage, { timeout: 20_000 }).toBe('rolled-back');
  });
});

describeEachDatabase('rollouts over a restart', (open) => {
  test('evidence and canary go on where they were', async () => {
    const folder = await tempDir();
    const before = await createServingWing(await open(), folder);
    const inputs = ['close'];
    const models = { 'forecaster@1': 3, 'forecaster@2': 1 };
    for (const [reference, intercept] of Object.entries(models)) {
      await before.addModel(reference, { inputs, weights: [1], intercept });
    }
    const name = await openEndpoint(before);
    const { id } = await before.rollouts.start({ endpoint: name, candidate: 'forecaster@2', policy }, caller);
    for (let day = 0; day < 5; day++) await play(before, name, day);
    await before.close();

    const after = await openWing(open, folder);
    await after.endpoints.stop();
    await after.endpoints.start();
    expect(await playUntil(after, name, id, 'canary', 5)).toBe(8);
    expect(await playUntil(after, name, id, 'promoted', 8)).toBe(12);
  });
});
