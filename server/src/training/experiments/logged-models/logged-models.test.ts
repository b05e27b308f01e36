import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DatabaseHandle, transact } from '../../../adapters/db/db.ts';
import type { Caller } from '../../../base/caller.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';
import { createTestExperiments, type TestExperiments } from '../../../testing/experiments.ts';
import { parseRegistrations, registrationsTag } from './rules.ts';

const caller: Caller = { actor: 'user:tester', role: 'admin', workspace: 'default' };
const stranger: Caller = { ...caller, workspace: 'other' };

describeEachDatabase('logged models', (open) => {
  let own: TestExperiments;
  let handle: DatabaseHandle;
  let experiments: TestExperiments['experiments'];

  beforeAll(async () => {
    handle = await open();
    own = await createTestExperiments(handle);
    experiments = own.experiments;
  });
  afterAll(() => own.close());

  const newExperiment = async () =>
    (await experiments.createExperiment({ name: `search ${crypto.randomUUID()}` }, caller)).id;
  const newModel = (experimentId: string, fields: object = {}) =>
    experiments.startLoggedModel({ experimentId, ...fields }, caller);
  const measure = (modelId: string, runId: string, key: string, value: number, more: object = {}) => {
    const point = { key, value, timestamp: 1, step: 0, ...more };
    const measured = { datasetName: '', datasetDigest: '', ...point, modelId, runId };
    return experiments.log(runId, { metrics: [point], parameters: [], tags: [] }, caller.workspace, (tx) =>
      experiments.saveModelMetrics(tx, [measured], caller.workspace),
    );
  };

  describe('search', () => {
    let experiment: string;
    let run: string;
    let other: string;
    const ids: Record<string, string> = {};

    beforeAll(async () => {
      experiment = await newExperiment();
      run = (await experiments.startRun({ experimentId: experiment }, caller)).id;
      other = (await experiments.startRun({ experimentId: experiment }, caller)).id;
      const parameters = (value: string) => [{ key: 'learner', value }];
      const made = [
        await newModel(experiment, { name: 'ridge', sourceRunId: run, parameters: parameters('Ridge') }),
        await newModel(experiment, { name: 'trees', modelType: 'forest', parameters: parameters('trees') }),
        await newModel(experiment, { name: 'naive', tags: [{ key: 'a b', value: '1' }] }),
      ];
      for (const { name, id } of made) ids[name] = id;
      await measure(id('ridge'), run, 'mae', 0.5, { step: 1 });
      // The later point counts, whatever came first.
      await measure(id('ridge'), run, 'mae', 9, { step: 0 });
      await measure(id('ridge'), other, 'mae', 0.1, {
        datasetName: 'prices',
        datasetDigest: 'd1',
        timestamp: 5,
      });
      await measure(id('trees'), run, 'mae', 0.3, { datasetName: 'prices', datasetDigest: 'd2' });
      await measure(id('naive'), run, 'mae', Number.NaN);
      await measure(id('naive'), run, 'a/b c', 1);
      await experiments.finalizeLoggedModel(id('trees'), 'READY', caller);
    });

    const id = (name: string) => ids[name] ?? '';
    const names = async (search: Partial<Parameters<typeof experiments.searchModelRecords>[0]> = {}) => {
      const found = await experiments.searchModelRecords(
        { experimentIds: [experiment], limit: 50, ...search },
        'default',
      );
      return found.items.map(({ name }) => name);
    };

    test.each([
      ['', ['naive', 'trees', 'ridge']],
      ["name = 'ridge'", ['ridge']],
      ["name != 'ridge'", ['naive', 'trees']],
      ["attributes.name LIKE 'R%'", []],
      ["name ILIKE 'R%'", ['ridge']],
      ["name IN ('ridge', 'naive')", ['naive', 'ridge']],
      ["model_type = 'forest'", ['trees']],
      ["status = 'READY'", ['trees']],
      ["status NOT IN ('READY')", ['naive', 'ridge']],
      ["params.learner = 'Ridge'", ['ridge']],
      ["tags.`a b` = '1'", ['naive']],
      ['metrics.mae < 0.2', ['ridge']],
      ['metrics.mae = 0.5', ['ridge']],
      ['metrics.mae > 8', []],
      ['metrics.mae >= 0', ['trees', 'ridge']],
      ['metrics.`a/b c` = 1', ['naive']],
      ["metrics.mae < 0.2 or (name = 'naive' and creation_time > 0)", ['naive', 'ridge']],
      ['last_updated_timestamp < 5', []],
      ['metrics.none > 0', []],
    ])('%s', async (filter, expected) => {
      expect(await names({ filter })).toEqual(expected);
    });

    test('of one run, and by id', async () => {
      expect(await names({ filter: `source_run_id = '${run}'` })).toEqual(['ridge']);
      expect(await names({ filter: `model_id = '${id('trees')}'` })).toEqual(['trees']);
    });

    test('on datasets', async () => {
      const prices = { name: 'prices', digest: null };
      expect(await names({ datasets: [prices] })).toEqual(['trees', 'ridge']);
      expect(await names({ datasets: [{ name: 'prices', digest: 'd2' }] })).toEqual(['trees']);
      expect(await names({ datasets: [prices], filter: 'metrics.mae > 0.2' })).toEqual(['trees']);
      expect(await names({ datasets: [{ name: 'none', digest: null }] })).toEqual([]);
      expect(await names({ datasets: [{ name: 'none', digest: null }, prices] })).toHaveLength(2);
    });

    test('in order: what was measured last counts, NaN after numbers, what is missing at the end', async () => {
      const order = (by: string, dataset?: { name: string; digest: string | null }) =>
        names({ orderBy: [{ by, dataset }] });
      expect(await order('metrics.mae ASC')).toEqual(['ridge', 'trees', 'naive']);
      expect(await order('metrics.mae DESC')).toEqual(['trees', 'ridge', 'naive']);
      expect(await order('metrics.mae DESC', { name: 'prices', digest: 'd1' })).toEqual([
        'ridge',
        'naive',
        'trees',
      ]);
      expect(await order('name DESC')).toEqual(['trees', 'ridge', 'naive']);
      expect(await order('params.learner ASC')).toEqual(['ridge', 'trees', 'naive']);
      expect(await order('creation_timestamp ASC')).toEqual(['ridge', 'trees', 'naive']);
      const twice = ['d1', 'd2'].map((digest) => ({
        by: 'metrics.mae ASC',
        dataset: { name: 'prices', digest },
      }));
      expect(await names({ orderBy: twice })).toEqual(['ridge', 'trees', 'naive']);
    });

    test('in pages, which belong to their search', async () => {
      const search = { experimentIds: [experiment], limit: 2, filter: "name != 'x'" };
      const first = await experiments.searchModelRecords(search, 'default');
      expect(first.items.map(({ name }) => name)).toEqual(['naive', 'trees']);
      const cursor = first.nextCursor ?? '';
      const second = await experiments.searchModelRecords({ ...search, cursor }, 'default');
      expect(second.items.map(({ name }) => name)).toEqual(['ridge']);
      expect(second.nextCursor).toBeNull();
      for (const wrong of [{ filter: "name != 'y'" }, { cursor: 'what' }, { experimentIds: ['0'] }])
        await expect(
          experiments.searchModelRecords({ ...search, cursor, ...wrong }, 'default'),
        ).rejects.toMatchObject({ code: 'pageCursorInvalid' });
    });

    test.each([
      { filter: "nothing = 'x'" },
      { filter: 'name = 1' },
      { filter: "metrics.mae = 'x'" },
      { filter: "dataset.name = 'x'" },
      { orderBy: [{ by: 'nothing' }] },
    ])('%j cannot be understood', async (search) => {
      await expect(names(search)).rejects.toMatchObject({ code: 'searchInvalid', status: 400 });
    });

    test('too many orders are refused, unknown experiments hold nothing, strangers see nothing', async () => {
      const many = Array.from({ length: 21 }, () => ({ by: 'name' }));
      await expect(names({ orderBy: many })).rejects.toMatchObject({ code: 'trackingValueInvalid' });
      expect(await names({ orderBy: many.slice(1) })).toHaveLength(3);
      expect(await names({ experimentIds: ['999', 'one', '../x'] })).toEqual([]);
      const elsewhere = { experimentIds: [experiment], limit: 5 };
      expect((await experiments.searchModelRecords(elsewhere, 'other')).items).toEqual([]);
    });

    test('by our own door: typed, with its order in the grammar', async () => {
      const { items } = await experiments.searchLoggedModels(
        { experimentIds: [experiment], filter: "name = 'ridge'", orderBy: ['metrics.mae DESC'] },
        caller,
      );
      expect(items).toMatchObject([
        {
          id: id('ridge'),
          status: 'PENDING',
          sourceRunId: run,
          parameters: { learner: 'Ridge' },
          metrics: [
            { key: 'mae', value: 0.5, step: 1, runId: run, datasetName: null },
            { key: 'mae', value: 0.1, runId: other, datasetName: 'prices', datasetDigest: 'd1' },
          ],
          registrations: [],
        },
      ]);
    });

    test('every point is kept, in pages', async () => {
      const history = (cursor?: string) =>
        experiments.modelMetricHistory({ id: id('ridge'), key: 'mae', limit: 2, cursor }, caller);
      const first = await history();
      expect(first.items.map(({ step, value }) => [step, value])).toEqual([
        [0, 9],
        [1, 0.5],
      ]);
      const rest = await history(first.nextCursor ?? '');
      expect(rest).toMatchObject({ items: [{ value: 0.1, runId: other }], nextCursor: null });
      await expect(history('what')).rejects.toMatchObject({ code: 'pageCursorInvalid' });
    });
  });

  describe('registrations', () => {
    const register = (id: string, name: string, version: string, workspace = 'default') =>
      transact(handle.db, (tx) => experiments.recordRegistration(tx, id, { name, version, workspace }));

    test('stand in the tag of MLflow, each version once', async () => {
      const { id } = await newModel('0');
      await register(id, 'forecaster', '1');
      await register(id, 'forecaster', '1');
      await Promise.all([2, 3, 4].map((version) => register(id, 'forecaster', String(version))));
      const { registrations, tags } = await experiments.getLoggedModel({ id }, caller);
      expect(registrations.map(({ version }) => version).sort()).toEqual(['1', '2', '3', '4']);
      expect(JSON.parse(tags[registrationsTag] ?? '')).toEqual(registrations);
    });

    test('of a model that is not there, or not ours, are refused', async () => {
      const { id } = await newModel('0');
      for (const [model, workspace] of [
        [`m-${'0'.repeat(32)}`, 'default'],
        [id, 'other'],
      ] as const)
        await expect(register(model, 'forecaster', '1', workspace)).rejects.toMatchObject({
          code: 'loggedModelNotFound',
        });
    });
  });

  test('another workspace sees and changes nothing', async () => {
    const { id } = await newModel('0');
    const refused = { code: 'loggedModelNotFound' };
    await expect(experiments.getLoggedModel({ id }, stranger)).rejects.toMatchObject(refused);
    await expect(experiments.setModelTags(id, [], stranger)).rejects.toMatchObject(refused);
    await expect(experiments.deleteLoggedModel({ id }, stranger)).rejects.toMatchObject(refused);
    const file = { id, path: 'x', content: Buffer.from('x') };
    await expect(experiments.putArtifact(file, stranger)).rejects.toMatchObject(refused);
    const run = await experiments.startRun({ experimentId: '0' }, stranger);
    const linked = experiments.logOutputs(run.id, [{ modelId: id }], 'other');
    await expect(linked).rejects.toMatchObject(refused);
  });

  test('is deleted and taken back', async () => {
    const { id } = await newModel('0', { name: 'back' });
    await experiments.deleteLoggedModel({ id }, caller);
    expect(await experiments.getLoggedModel({ id }, caller)).toMatchObject({ lifecycle: 'deleted' });
    expect(await experiments.restoreLoggedModel({ id }, caller)).toMatchObject({
      lifecycle: 'active',
      name: 'back',
    });
  });
});

describe('registrations are read from the tag', () => {
  const read = (value: string) => parseRegistrations([{ key: registrationsTag, value }]);

  test('each once, whoever wrote them', () => {
    const one = { name: 'm', version: '1' };
    expect(read(JSON.stringify([one, { ...one, version: 1 }, { ...one, more: 2 }]))).toEqual([one]);
    expect(parseRegistrations([])).toEqual([]);
  });

  test.each(['', '{', 'null', '{}', '[null]', '[1]', '[{"name":1,"version":"1"}]', '[{"name":"m"}]'])(
    '%s says nothing',
    (value) => {
      expect(read(value)).toEqual([]);
    },
  );
});
