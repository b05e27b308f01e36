import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Caller } from '../../base/caller.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestExperiments, type TestExperiments } from '../../testing/experiments.ts';
import type { DatasetInput, MetricValue } from './rules.ts';

describeEachDatabase('experiments', (open) => {
  let own: TestExperiments;
  let db: Awaited<ReturnType<typeof open>>['db'];
  const caller: Caller = { actor: 'user:tester', role: 'admin', workspace: 'default' };
  const stranger: Caller = { ...caller, workspace: 'elsewhere' };

  beforeAll(async () => {
    const handle = await open();
    db = handle.db;
    own = await createTestExperiments(handle);
  });
  afterAll(() => own.close());

  let names = 0;
  const newExperiment = () => own.experiments.ensureExperiment(`experiment ${++names}`, caller);
  const newRun = async (tags: Record<string, string> = {}) =>
    own.experiments.createRun({ experimentId: (await newExperiment()).id, tags }, caller);
  const log = (id: string, batch: object) =>
    own.experiments.log(id, { parameters: [], metrics: [], tags: [], ...batch }, caller.workspace);
  const point = (key: string, value: number, step = 0, timestamp = 1): MetricValue => ({
    key,
    value,
    step,
    timestamp,
  });

  describe('an experiment', () => {
    test('Default is there from the start, in every workspace', async () => {
      for (const who of [caller, stranger]) {
        const found = await own.experiments.getExperiment('0', who.workspace);
        expect(found).toMatchObject({ id: '0', name: 'Default', lifecycle: 'active' });
        expect((await own.experiments.listExperiments({}, who)).items.map(({ id }) => id)).toContain('0');
      }
    });

    test('is made once per name, with tags; asked for again it is the same', async () => {
      const made = await own.experiments.ensureExperiment('once', caller, { team: 'blue' });
      expect(made).toMatchObject({
        artifactLocation: `mlflow-artifacts:/${made.id}`,
        tags: { team: 'blue' },
      });
      expect(await own.experiments.ensureExperiment('once', caller, { team: 'red' })).toEqual(made);
      await expect(own.experiments.createExperiment({ name: 'once' }, caller)).rejects.toMatchObject({
        code: 'experimentExists',
      });
      expect((await own.experiments.ensureExperiment('once', stranger)).tags).toEqual({});
    });

    test('twenty made at once get twenty numbers', async () => {
      const made = await Promise.all(
        Array.from({ length: 20 }, (_, index) => own.experiments.ensureExperiment(`crowd ${index}`, caller)),
      );
      expect(new Set(made.map(({ id }) => id)).size).toBe(20);
    });

    test('is listed newest first, page after page', async () => {
      const made = [await newExperiment(), await newExperiment(), await newExperiment()];
      const first = await own.experiments.listExperiments({ limit: 2 }, caller);
      const second = await own.experiments.listExperiments(
        { limit: 2, cursor: first.nextCursor ?? '' },
        caller,
      );
      expect([...first.items, ...second.items].slice(0, 3).map(({ id }) => id)).toEqual(
        made.map(({ id }) => id).toReversed(),
      );
    });

    test('deleted takes its runs along, restored brings back just those', async () => {
      const run = await newRun();
      const before = await own.experiments.createRun({ experimentId: run.experimentId }, caller);
      await own.experiments.deleteRun(before.id, caller);
      await own.experiments.deleteExperiment(run.experimentId, caller);
      expect((await own.experiments.getRun(run, caller)).lifecycle).toBe('deleted');
      await expect(own.experiments.createRun(run, caller)).rejects.toMatchObject({
        code: 'experimentNotActive',
      });
      await expect(own.experiments.deleteExperiment(run.experimentId, caller)).rejects.toMatchObject({
        code: 'experimentNotFound',
      });
      await own.experiments.restoreExperiment(run.experimentId, caller);
      expect((await own.experiments.getRun(run, caller)).lifecycle).toBe('active');
      expect((await own.experiments.getRun(before, caller)).lifecycle).toBe('deleted');
    });

    test('is renamed, unless the name is taken', async () => {
      const [one, other] = [await newExperiment(), await newExperiment()];
      await own.experiments.renameExperiment(one.id, 'better name', caller);
      expect((await own.experiments.getExperiment(one.id, 'default')).name).toBe('better name');
      await expect(own.experiments.renameExperiment(other.id, 'better name', caller)).rejects.toMatchObject({
        code: 'experimentExists',
      });
    });

    test('every change of it has its audit row', async () => {
      const { id } = await newExperiment();
      await own.experiments.setExperimentTag(id, { key: 'k', value: 'v' }, caller);
      await own.experiments.deleteExperimentTag(id, 'k', caller);
      await expect(own.experiments.deleteExperimentTag(id, 'k', caller)).rejects.toMatchObject({
        code: 'tagNotFound',
      });
      const rows = await db
        .selectFrom('audit')
        .select(['action', 'actor'])
        .where('subject', '=', `experiment:${id}`)
        .orderBy('id')
        .execute();
      expect(rows.map(({ action }) => action)).toEqual([
        'experiment.created',
        'experiment.tagged',
        'experiment.untagged',
      ]);
      expect(rows[0]?.actor).toBe('user:tester');
    });
  });

  describe('a run', () => {
    test('starts named and running, ends once, and tells both', async () => {
      const run = await newRun({ team: 'blue' });
      expect(run).toMatchObject({ status: 'RUNNING', user: 'user:tester', endedAt: null });
      expect(run.id).toMatch(/^[0-9a-f]{32}$/);
      expect(run.name).toMatch(/^[a-z]+-[a-z]+-\d+$/);
      expect(run.tags).toEqual({ team: 'blue', 'mlflow.runName': run.name });
      const ended = await own.experiments.updateRun({ id: run.id, status: 'FINISHED', name: 'best' }, caller);
      expect(ended).toMatchObject({ status: 'FINISHED', name: 'best', tags: { 'mlflow.runName': 'best' } });
      expect(ended.endedAt).toBeGreaterThan(run.startedAt);
      expect((await own.experiments.updateRun({ id: run.id, status: 'FAILED' }, caller)).endedAt).toBe(
        ended.endedAt,
      );
      const events = await db
        .selectFrom('outbox')
        .select('kind')
        .where('subject', '=', `run:${run.id}`)
        .orderBy('id')
        .execute();
      expect(events.map(({ kind }) => kind)).toEqual(['run.created', 'run.finished', 'run.updated']);
    });

    test('has one name: field and tag must agree', async () => {
      const { id: experimentId } = await newExperiment();
      const tagged = await own.experiments.createRun(
        { experimentId, tags: { 'mlflow.runName': 'tagged' } },
        caller,
      );
      expect(tagged.name).toBe('tagged');
      await expect(
        own.experiments.createRun({ experimentId, name: 'a', tags: { 'mlflow.runName': 'b' } }, caller),
      ).rejects.toMatchObject({ code: 'trackingValueInvalid' });
      await log(tagged.id, { tags: [{ key: 'mlflow.runName', value: 'renamed' }] });
      expect((await own.experiments.getRun(tagged, caller)).name).toBe('renamed');
    });

    test('is seen from its own workspace only', async () => {
      const run = await newRun();
      await own.experiments.putArtifact({ id: run.id, path: 'a', content: Buffer.from('a') }, caller);
      const attempts = [
        () => own.experiments.getRun(run, stranger),
        () => own.experiments.logBatch({ id: run.id, tags: { a: 'b' } }, stranger),
        () => own.experiments.getArtifact({ id: run.id, path: 'a' }, stranger),
        () => own.experiments.deleteRun(run.id, stranger),
      ];
      for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: 'runNotFound' });
    });

    test('deleted takes no more writes until it is restored', async () => {
      const run = await newRun();
      await own.experiments.deleteRun(run.id, caller);
      const writes = [
        () => own.experiments.logBatch({ id: run.id, tags: { a: 'b' } }, caller),
        () => own.experiments.updateRun({ id: run.id, name: 'x' }, caller),
        () => own.experiments.deleteRun(run.id, caller),
        () => own.experiments.putArtifact({ id: run.id, path: 'a', content: Buffer.from('a') }, caller),
      ];
      for (const write of writes) await expect(write()).rejects.toMatchObject({ code: 'runNotActive' });
      await own.experiments.restoreRun(run.id, caller);
      await own.experiments.logBatch({ id: run.id, tags: { a: 'b' } }, caller);
    });
  });

  describe('a batch', () => {
    test('is kept whole, values to the last bit', async () => {
      const run = await newRun();
      const values = [0.1, -0, 1e-320, Number.MAX_VALUE, 2 ** 53, Number.NaN, Infinity, -Infinity];
      await log(run.id, {
        metrics: values.map((value, index) => point(`m${index}`, value)),
        parameters: [{ key: 'empty', value: '' }],
        tags: [{ key: '__proto__', value: '✓' }],
      });
      const record = await own.experiments.getRecord(run.id, 'default');
      expect(record.metrics.map(({ value }) => value + 0)).toEqual(values.map((value) => value + 0));
      expect(record.parameters).toEqual([{ key: 'empty', value: '' }]);
      expect(record.tags).toContainEqual({ key: '__proto__', value: '✓' });
    });

    test('is all or nothing', async () => {
      const run = await newRun();
      await log(run.id, { parameters: [{ key: 'alpha', value: '1' }] });
      const batch = {
        parameters: [
          { key: 'alpha', value: '2' },
          { key: 'beta', value: '1' },
        ],
        metrics: [point('loss', 1)],
        tags: [{ key: 't', value: 'x' }],
      };
      await expect(log(run.id, batch)).rejects.toMatchObject({
        code: 'parameterImmutable',
        details: { key: 'alpha', found: '1', given: '2' },
      });
      const after = await own.experiments.getRun(run, caller);
      expect(after.parameters).toEqual({ alpha: '1' });
      expect(after.metrics).toEqual({});
      await log(run.id, {
        parameters: [
          { key: 'alpha', value: '1' },
          { key: 'beta', value: '1' },
        ],
      });
      expect((await own.experiments.getRun(run, caller)).parameters).toEqual({ alpha: '1', beta: '1' });
    });

    test('moves a metric on only where its point is later: step, then time, then value', async () => {
      const run = await newRun();
      const latest = async () => (await own.experiments.getRun(run, caller)).metrics.loss;
      await log(run.id, { metrics: [point('loss', 5, 2, 10), point('loss', 9, 1, 99)] });
      expect(await latest()).toBe(5);
      await log(run.id, { metrics: [point('loss', 7, 1, 999)] });
      expect(await latest()).toBe(5);
      await log(run.id, { metrics: [point('loss', 6, 2, 10), point('loss', 8, 2, 9)] });
      expect(await latest()).toBe(6);
      await log(run.id, { metrics: [point('loss', Number.NaN, 2, 10)] });
      expect(await latest()).toBe(6);
      await log(run.id, { metrics: [point('loss', Number.NaN, 3, 0)] });
      expect(await latest()).toBeNull();
      await log(run.id, { metrics: [point('loss', -Infinity, 3, 0)] });
      expect((await own.experiments.getRecord(run.id, 'default')).metrics[0]?.value).toBe(-Infinity);
    });

    test('of the contract: null is NaN, time is now, the step is 0', async () => {
      const run = await newRun();
      const metrics = [
        { key: 'a', value: null },
        { key: 'b', value: 2, step: 4 },
      ];
      await own.experiments.logBatch({ id: run.id, metrics, parameters: { p: '1' } }, caller);
      const record = await own.experiments.getRecord(run.id, 'default');
      expect(record.metrics[0]).toMatchObject({ key: 'a', value: Number.NaN, step: 0 });
      expect(record.metrics[0]?.timestamp).toBeGreaterThan(run.startedAt);
      expect(record.metrics[1]).toMatchObject({ key: 'b', value: 2, step: 4 });
    });

    test('of ten thousand points arrives, and again it changes nothing', async () => {
      const run = await newRun();
      const metrics = Array.from({ length: 10_000 }, (_, index) => point(`m${index % 1_500}`, index, index));
      await log(run.id, { metrics });
      await log(run.id, { metrics: metrics.toReversed() });
      const record = await own.experiments.getRecord(run.id, 'default');
      expect(record.metrics).toHaveLength(1_500);
      expect(record.metrics.find(({ key }) => key === 'm7')?.value).toBe(9_007);
      const history = await own.experiments.listPoints({ id: run.id, key: 'm7' }, 'default');
      expect(history.items.map(({ value }) => value)).toEqual([7, 1_507, 3_007, 4_507, 6_007, 7_507, 9_007]);
    });

    test('from ten writers at once loses nothing', async () => {
      const run = await newRun();
      await Promise.all(
        Array.from({ length: 10 }, (_, writer) =>
          log(run.id, {
            metrics: Array.from({ length: 20 }, (_, key) => point(`m${key}`, writer, writer)).toSorted(
              () => writer - 5,
            ),
          }),
        ),
      );
      const { metrics } = await own.experiments.getRun(run, caller);
      expect(Object.values(metrics)).toEqual(Array(20).fill(9));
    });
  });

  test('a history comes page by page in order, infinities and NaN included', async () => {
    const run = await newRun();
    const values = [Infinity, 3, -Infinity, 1, Number.NaN, 0, 2];
    await log(run.id, {
      metrics: [...values.map((value) => point('x', value)), point('x', 9, 1, 0), point('x', 8, -1, 2)],
    });
    const seen: (number | null)[] = [];
    for (let cursor: string | undefined, isMore = true; isMore; ) {
      const page = await own.experiments.metricHistory({ id: run.id, key: 'x', limit: 2, cursor }, caller);
      seen.push(...page.items.map(({ value }) => value));
      cursor = page.nextCursor ?? undefined;
      isMore = cursor !== undefined;
    }
    expect(seen).toEqual([9, null, 0, null, 1, 2, 3, null, 8]);
    await expect(
      own.experiments.metricHistory({ id: run.id, key: 'x', cursor: 'W10' }, caller),
    ).rejects.toMatchObject({ code: 'pageCursorInvalid' });
  });

  test('inputs name their data once; contexts add up and our own sources become lineage', async () => {
    const run = await newRun();
    await own.datasets.commit({ name: 'prices', format: 'csv', content: Buffer.from('a\n1\n') }, caller);
    const input = (fields: Partial<DatasetInput> = {}): DatasetInput => ({
      name: 'prices',
      digest: 'abc',
      sourceType: 'tidemill',
      source: 'dataset:prices@1',
      schema: null,
      profile: null,
      tags: [{ key: 'mlflow.data.context', value: 'training' }],
      ...fields,
    });
    await own.experiments.logInputs(
      run.id,
      [input(), input({ name: 'other', source: 's3://b/x', tags: [] })],
      'default',
    );
    await own.experiments.logInputs(run.id, [input({ tags: [{ key: 'cut', value: '1' }] })], 'default');
    const record = await own.experiments.getRecord(run.id, 'default');
    expect(record.inputs.map(({ name, tags }) => [name, tags.length])).toEqual([
      ['other', 0],
      ['prices', 2],
    ]);
    expect((await own.experiments.getRun(run, caller)).inputs[1]).toEqual({
      name: 'prices',
      digest: 'abc',
      source: 'dataset:prices@1',
      dataset: 'prices@1',
      context: 'training',
    });
    const { upstream } = await own.lineage.lineage({ uri: `run:${run.id}` }, caller);
    expect(upstream.map(({ from }) => from)).toEqual(['dataset:prices@1']);
  });

  describe('artifacts', () => {
    const textOf = async (content: AsyncIterable<Uint8Array>) => {
      const parts: Uint8Array[] = [];
      for await (const part of content) parts.push(part);
      return Buffer.concat(parts).toString();
    };
    const put = (id: string, path: string, text = path) =>
      own.experiments.putArtifact({ id, path, content: Buffer.from(text) }, caller);

    test('come back as they were put, and are replaced by the next of that path', async () => {
      const run = await newRun();
      const sha256 = createHash('sha256').update('second').digest('hex');
      await put(run.id, 'plots/loss.png', 'first');
      expect(await put(run.id, 'plots/loss.png', 'second')).toEqual({
        path: 'plots/loss.png',
        sha256,
        size: 6,
      });
      const got = await own.experiments.getArtifact({ id: run.id, path: 'plots/loss.png' }, caller);
      expect(got).toMatchObject({ mediaType: 'image/png', fileName: 'loss.png', size: 6, etag: sha256 });
      expect(await textOf(got.content)).toBe('second');
    });

    test('are listed folder by folder, and below a folder at once', async () => {
      const run = await newRun();
      for (const path of ['b.txt', 'a/x', 'a/deep/y', 'a-c', 'a.d', 'a0', 'A/x', 'a%b/x', 'a_b'])
        await put(run.id, path);
      const list = async (path?: string) =>
        (await own.experiments.listArtifacts({ id: run.id, path }, caller)).files.map((file) =>
          file.directory ? `${file.path}/` : file.path,
        );
      expect((await list()).toSorted()).toEqual(['A/', 'a%b/', 'a-c', 'a.d', 'a/', 'a0', 'a_b', 'b.txt']);
      expect(await list('a/')).toEqual(['a/deep/', 'a/x']);
      expect(await list('nothing')).toEqual([]);
      expect(await list('b.txt')).toEqual([]);
      const below = await own.experiments.artifactFiles(run.id, 'a', 'default');
      expect(below.map(({ path }) => path)).toEqual(['a/deep/y', 'a/x']);
      expect(await own.experiments.artifactFiles(run.id, '', 'default')).toHaveLength(9);
    });

    test('a name is a file or a folder, never both', async () => {
      const run = await newRun();
      await put(run.id, 'model/MLmodel');
      for (const path of ['model', 'model/MLmodel/x', 'model/MLmodel/x/y'])
        await expect(put(run.id, path)).rejects.toMatchObject({ code: 'artifactPathInvalid' });
    });

    test('whose content breaks off leave nothing behind', async () => {
      const run = await newRun();
      async function* broken() {
        yield Buffer.from('half');
        throw new Error('connection lost');
      }
      await expect(
        own.experiments.putArtifact({ id: run.id, path: 'x', content: broken() }, caller),
      ).rejects.toThrow('connection lost');
      await expect(own.experiments.getArtifact({ id: run.id, path: 'x' }, caller)).rejects.toMatchObject({
        code: 'artifactNotFound',
      });
    });

    test('are deleted one by one or with their folder', async () => {
      const run = await newRun();
      for (const path of ['a/x', 'a/y', 'ab', 'b']) await put(run.id, path);
      await own.experiments.deleteArtifacts(run.id, 'a', caller);
      await own.experiments.deleteArtifacts(run.id, 'b', caller);
      expect((await own.experiments.artifactFiles(run.id, '', 'default')).map(({ path }) => path)).toEqual([
        'ab',
      ]);
      await expect(own.experiments.deleteArtifacts(run.id, 'a', caller)).rejects.toMatchObject({
        code: 'artifactNotFound',
      });
    });
  });
});
