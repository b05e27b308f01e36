import type { LoopRun } from '@tidemill/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createPricePlatform,
  type Day,
  dayMs,
  type PricePlatform,
  walk,
} from '../../testing/price-platform.ts';
import { until } from '../../testing/until.ts';

const days = walk(400);
const shift = 70;
/** The world after the move: every price higher than any before. */
const moved: Day[] = walk(260, 11).map((day, i) => ({
  time: (days.at(-1)?.time ?? 0) + (i + 1) * dayMs,
  close: day.close + shift,
  before: day.before + shift,
  next: day.next + shift,
}));

const trainingSet = {
  name: 'forecaster-days',
  entities: 'select symbol, cast(day as timestamp) as event_time from days',
  views: ['stats'],
  label: {
    sql: 'select symbol, cast(day as timestamp) as event_time, next, cast(day as timestamp) as known_at from days',
    column: 'next',
    knownAt: 'known_at',
  },
};
const sweep = {
  experiment: 'retraining',
  features: ['close', 'before'],
  target: 'next',
  timeColumn: 'event_time',
  learners: ['ridge'] as ('ridge' | 'trees')[],
  trials: 3,
  folds: 2,
  seed: 1,
};
const policy = {
  name: 'prices',
  endpoint: 'forecast',
  model: 'forecaster',
  trainingSet,
  sweep,
  evaluation: { baseline: 'close', window: { last: 100 } },
  rollout: { minimumPairs: 8, canaryPairs: 4, canaryWeight: 0.5, maximumPairs: 200, guardRatio: 10 },
  triggers: ['out-of-range' as const],
  cooldownDays: 30,
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
  const rules = [
    {
      name: 'better-than-champion',
      expression: 'champion == null || againstChampion.verdict == "candidate-better"',
      message: 'the candidate must beat the champion beyond chance',
    },
  ];
  await services.governance.putGate({ name: 'forecaster', rules, approval: { fourEyes: true } }, caller);
}, 60_000);
afterAll(() => platform.close());

const runOf = (id: string) => platform.services.retraining.get({ id }, platform.caller);
const ended = (id: string): Promise<LoopRun> =>
  until(
    () => runOf(id),
    (run) => run.finishedAt !== null,
    60_000,
  );

async function play(from: number, to: number): Promise<void> {
  for (const day of moved.slice(from, to)) {
    await platform.predict(day);
    await platform.tell(day);
  }
}

describe('retraining', () => {
  test('a policy names what is there, and itself says what can never work', async () => {
    const { services, caller } = platform;
    const put = (change: object) => services.retraining.putPolicy({ ...policy, ...change }, caller);
    await expect(put({ endpoint: 'nowhere' })).rejects.toMatchObject({ code: 'endpointNotFound' });
    await expect(put({ trainingSet: { ...trainingSet, views: ['nothing'] } })).rejects.toMatchObject({
      code: 'featureViewNotFound',
    });
    await expect(put({ sweep: { ...sweep, features: ['close', 'next'] } })).rejects.toThrow(
      'read the answer',
    );
    expect(await put({})).toMatchObject({ unchanged: false, name: 'prices' });
    expect(await put({})).toMatchObject({ unchanged: true });
    await expect(services.retraining.start({ policy: 'none', reason: 'x' }, caller)).rejects.toMatchObject({
      code: 'retrainingPolicyNotFound',
    });
  });

  test('an alert opens a run that makes, proves and releases the next model', async () => {
    const { services, caller, model } = platform;
    await services.monitoring.put(
      { name: 'range', kind: 'out-of-range', endpoint: 'forecast', window: 10, columns: ['close'] },
      caller,
    );
    await platform.commitDays([...days, ...moved.slice(0, 200)]);
    await play(0, 12);
    const { items } = await until(
      () => services.retraining.list({ endpoint: 'forecast' }, caller),
      (page) => page.items.length > 0,
    );
    const { id } = items[0] as LoopRun;
    await expect(
      services.retraining.start({ policy: 'prices', reason: 'too' }, caller),
    ).rejects.toMatchObject({
      code: 'loopRunActive',
    });
    const asking = await until(
      () => runOf(id),
      (run) => run.finishedAt !== null || run.steps.at(-1)?.text.startsWith('waits for people') === true,
      60_000,
    );
    expect(asking.steps.at(-1)).toMatchObject({ name: 'gate', state: 'waiting' });
    const candidate = { name: 'forecaster', version: '2', reason: 'seen by two' };
    const noor = { ...caller, actor: 'user:noor' };
    await services.governance.approve(candidate, noor);
    const { rules } = await services.governance.getGate({ name: 'forecaster' }, caller);
    await services.governance.putGate({ name: 'forecaster', rules }, caller);
    const shadow = await until(
      () => runOf(id),
      (run) => run.finishedAt !== null || run.steps.at(-1)?.text.startsWith('INCONCLUSIVE') === true,
      60_000,
    );
    expect(shadow.steps.map((step) => step.name)).toEqual([
      ...['trigger', 'training-set', 'sweep', 'evaluation', 'gate', 'shadow'],
    ]);
    expect(shadow.steps.at(-1)?.text).toBe('INCONCLUSIVE: no pair of 8 yet; hold');
    expect(shadow.steps[0]?.text).toContain('close above every training value');
    expect(shadow.steps[3]?.text).toMatch(/^MAE [\d.]+ against champion [\d.]+, naive [\d.]+ over 100 rows/);

    for (let i = 12; i < 80 && (await runOf(id)).finishedAt === null; i += 1) {
      await play(i, i + 1);
      const rollout = (await runOf(id)).rollout;
      if (rollout) await services.rollouts.judge(rollout, 'default');
    }
    const run = await ended(id);
    expect(run).toMatchObject({ state: 'succeeded', verdict: 'promoted', candidate: 'forecaster@2' });
    expect(run.steps.map((step) => step.name).slice(-3)).toEqual(['shadow', 'canary', 'decision']);
    const { live } = await services.endpoints.get({ name: 'forecast' }, caller);
    expect(live.variants.map((variant) => variant.model)).toEqual(['forecaster@2']);
    const approvals = await services.governance.listApprovals({ name: 'forecaster', version: '2' }, caller);
    expect(approvals.items).toMatchObject([{ decision: 'approved', actor: 'user:noor' }]);
    const alert = await until(
      () => services.alerts.get({ id: run.alert ?? '' }, caller),
      (found) => found.state === 'resolved',
    );
    expect(alert).toMatchObject({ loopRun: id, state: 'resolved' });
    expect(model).toBe('forecaster@1');
  }, 120_000);

  test('a model that is not better is refused and stays out', async () => {
    const { services, caller } = platform;
    const { id } = await services.retraining.start({ policy: 'prices', reason: 'just to see' }, caller);
    const run = await ended(id);
    expect(run).toMatchObject({ state: 'succeeded', verdict: 'refused', rollout: null });
    expect(run.steps.at(-1)?.text).toMatch(/^refused: MAE [\d.]+ against champion [\d.]+: not better/);
    const version = await services.registry.resolve(run.candidate ?? '', 'default');
    expect(version.approval).toBe('refused');
    expect(run.trigger).toBe('user:owner: just to see');
  }, 60_000);

  test('a candidate in shadow is followed, and a cancelled run takes it back', async () => {
    const { services, caller, set } = platform;
    const candidate = await platform.train(set.reference, 'ridge');
    await platform.approve(candidate);
    const rollout = await services.rollouts.start({ endpoint: 'forecast', candidate }, caller);
    const { id } = await services.retraining.start({ policy: 'prices', reason: 'follow' }, caller);
    const run = await until(
      () => runOf(id),
      (found) => found.steps.at(-1)?.name === 'shadow',
    );
    expect(run).toMatchObject({ candidate, rollout: rollout.id });
    expect(run.steps[0]?.text).toContain(`${candidate} is in shadow already and is followed`);
    expect(await services.retraining.cancel({ id }, caller)).toMatchObject({ state: 'cancelled' });
    const taken = await services.rollouts.get({ id: rollout.id }, caller);
    expect(taken.stage).toBe('rolled-back');
    await expect(services.retraining.cancel({ id }, caller)).rejects.toMatchObject({ code: 'loopRunEnded' });
  }, 60_000);

  test('what cannot be made fails with its reason in the step', async () => {
    const { services, caller } = platform;
    const broken = { ...policy, name: 'broken', model: 'nameless', triggers: [] };
    await services.retraining.putPolicy(broken, caller);
    const { id } = await services.retraining.start({ policy: 'broken', reason: 'no gate' }, caller);
    const run = await ended(id);
    expect(run).toMatchObject({ state: 'failed', verdict: null });
    expect(run.steps.at(-1)).toMatchObject({ name: 'gate', state: 'failed' });
    expect(run.steps.at(-1)?.text).toContain("'nameless'");
  }, 60_000);
});
