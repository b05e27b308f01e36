import { expect, test } from 'vitest';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { overviewStore } from '../overview/store.ts';
import { projectStore } from '../projects/store.ts';
import type { Policy, StoredRun } from './rules.ts';
import { retrainingStore } from './store.ts';

const policy: Policy = {
  workspace: 'w1',
  name: 'prices',
  endpoint: 'forecast',
  model: 'forecaster',
  trainingSet: { name: 'set', entities: 'select 1', views: ['stats'] },
  sweep: {
    ...{ experiment: 'e', features: ['close'], target: 'next', timeColumn: 'time' },
    ...{ learners: ['ridge'], trials: 3 },
  },
  evaluation: {},
  createdAt: 1,
};

const { workspace: _workspace, ...definition } = policy;
const run = (id: string, change: Partial<StoredRun> = {}): StoredRun => ({
  ...{ id, workspace: 'w1', policy: 'prices', endpoint: 'forecast', trigger: 'alert', alert: null },
  ...{ state: 'queued', verdict: null, candidate: null, rollout: null, steps: [], made: {} },
  ...{ definition, eventTime: 100, createdAt: 2, finishedAt: null },
  ...change,
});

describeEachDatabase('retraining store', (open) => {
  test('keeps policies', async () => {
    const store = retrainingStore((await open()).db);
    await store.savePolicy(policy, 'user:anna');
    await store.savePolicy({ ...policy, cooldownDays: 9 }, 'user:anna');
    expect(await store.findPolicy('w1', 'prices')).toEqual({ ...policy, cooldownDays: 9 });
    expect(await store.listPolicies({ workspace: 'w1', endpoint: 'other' })).toEqual([]);
    expect(await store.listPolicies({ workspace: 'w2' })).toEqual([]);
  });

  test('an endpoint has one active run, and what has ended stays as it is', async () => {
    const { db } = await open();
    const store = retrainingStore(db);
    expect(await store.insertRun(run('loop_1'))).toBe(true);
    expect(await store.insertRun(run('loop_2'))).toBe(false);
    expect(await store.insertRun(run('loop_2', { endpoint: 'other', eventTime: 300 }))).toBe(true);
    expect(await store.listActiveIds('w1')).toHaveLength(2);
    const ended = run('loop_1', {
      state: 'succeeded',
      verdict: 'refused',
      made: { sweep: 's' },
      finishedAt: 9,
    });
    expect(await store.updateRun(ended)).toBe(true);
    expect(await store.updateRun(run('loop_1', { state: 'running' }))).toBe(false);
    expect(await store.findRun('w1', 'loop_1')).toEqual(ended);
    expect(await store.findActive('w1', 'forecast')).toBeNull();
    expect(await store.insertRun(run('loop_3'))).toBe(true);
    expect(
      (await store.listRuns({ workspace: 'w1', endpoint: 'forecast', limit: 9 })).map((each) => each.id),
    ).toEqual(['loop_3', 'loop_1']);
    expect(await store.findLastEventTime('w1', 'prices')).toBe(300);
    expect(await store.findLastEventTime('w2', 'prices')).toBeNull();
    expect(await overviewStore(db).count('w1')).toEqual({
      ...{ datasetVersions: 0, runs: 0, modelVersions: 0, endpoints: 0, openAlerts: 0, loopRuns: 3 },
    });
  });

  test('a project is what was applied last', async () => {
    const store = projectStore((await open()).db);
    await store.save('w1', { name: 'stocks' }, 1, 'user:anna');
    await store.save('w1', { name: 'stocks', datasets: { prices: {} } }, 2, 'user:anna');
    expect(await store.find('w1', 'stocks')).toEqual({ name: 'stocks', datasets: { prices: {} } });
    expect(await store.find('w2', 'stocks')).toBeNull();
    expect(await store.list('w1')).toHaveLength(1);
  });
});
