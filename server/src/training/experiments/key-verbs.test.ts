import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../../base/caller.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestExperiments, type TestExperiments } from '../../testing/experiments.ts';

describeEachDatabase('the keys of an experiment', (open) => {
  let own: TestExperiments;
  const caller: Caller = { actor: 'user:tester', role: 'admin', workspace: 'default' };

  beforeAll(async () => {
    own = await createTestExperiments(await open());
  });
  afterAll(() => own.close());

  const newRun = async (experimentId: string, keys: readonly string[]) => {
    const run = await own.experiments.createRun({ experimentId }, caller);
    const metrics = keys.map((key) => ({ key, value: 1, step: 0, timestamp: 1 }));
    const texts = keys.map((key) => ({ key: `p.${key}`, value: 'x' }));
    await own.experiments.log(run.id, { parameters: texts, metrics, tags: texts }, caller.workspace);
    return run;
  };
  const newExperiment = (name: string) => own.experiments.ensureExperiment(name, caller);

  test('are each named once, in order, with what was left out said', async () => {
    const { id } = await newExperiment('some');
    await newRun(id, ['loss', 'val/acc', 'acc_1']);
    await newRun(id, ['loss', 'Accuracy']);
    await newRun((await newExperiment('other')).id, ['foreign']);
    const { keys, hasMore } = await own.experiments.listKeys({ id, kind: 'metric' }, caller);
    expect(keys.toSorted()).toEqual(['Accuracy', 'acc_1', 'loss', 'val/acc']);
    expect(hasMore).toBe(false);
    const first = await own.experiments.listKeys({ id, kind: 'metric', limit: 2 }, caller);
    expect(first).toEqual({ keys: keys.slice(0, 2), hasMore: true });
    expect((await own.experiments.listKeys({ id, kind: 'parameter', limit: 1 }, caller)).hasMore).toBe(true);
    const tags = await own.experiments.listKeys({ id, kind: 'tag' }, caller);
    expect(tags.keys).toContain('p.loss');
  });

  test('are searched by a part in any case; wildcards are letters like others', async () => {
    const { id } = await newExperiment('searched');
    await newRun(id, ['val/ACC', 'train/acc', 'a_b', 'axb', '50 done']);
    const search = async (text: string) =>
      (await own.experiments.listKeys({ id, kind: 'metric', search: text }, caller)).keys;
    expect((await search('acc')).toSorted()).toEqual(['train/acc', 'val/ACC']);
    expect(await search('a_b')).toEqual(['a_b']);
    expect(await search('50%')).toEqual([]);
    expect(await search('\\')).toEqual([]);
  });

  test('of an experiment that is not there are refused, not empty', async () => {
    const asked = own.experiments.listKeys({ id: '4711', kind: 'metric' }, caller);
    await expect(asked).rejects.toMatchObject({ code: 'experimentNotFound' });
  });

  test('runs are deleted, found as deleted, and restored', async () => {
    const { id } = await newExperiment('bin');
    const [kept, gone] = [await newRun(id, ['a']), await newRun(id, ['a'])];
    await own.experiments.deleteRun(gone.id, caller);
    const search = async (view?: 'active' | 'deleted' | 'all') =>
      (await own.experiments.searchRuns({ experimentIds: [id], view }, caller)).items.map((run) => run.id);
    expect(await search()).toEqual([kept.id]);
    expect(await search('deleted')).toEqual([gone.id]);
    expect(await search('all')).toHaveLength(2);
    await own.experiments.restoreRun(gone.id, caller);
    expect(await search('deleted')).toEqual([]);
  });
});
