import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Db } from '../../adapters/db/db.ts';
import { datasetStore } from '../../data/datasets/store.ts';
import { segmentStore } from '../../serving/predictions/store.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestRegistry, type TestRegistry } from '../../testing/registry.ts';
import { jobFileStore } from '../../training/jobs/files/store.ts';
import { createGarbageCollection } from './service.ts';

const caller = { actor: 'user:tester', role: 'admin', workspace: 'default' } as const;
const all = { olderThanSeconds: 0, graceSeconds: 0 };

/** Every column in which a blob's name, or a list of them, may stand. A new one belongs here and into the service. */
const naming = {
  'run_artifacts.sha256': 'blob',
  'model_versions.files': 'blobs',
  'dataset_chunks.blob': 'blob',
  'dataset_chunk_sources.blob': 'blob',
  'dataset_versions.digest': 'blob',
  'prediction_segments.sha256': 'blob',
  'job_files.sha256': 'blob',
  'model_versions.digest': 'of the list of files',
  'dataset_profiles.digest': 'of a manifest that dataset_versions has',
  'dataset_unique_keys.digest': 'of a manifest that dataset_versions has',
  'input_datasets.digest': 'as its client computed it',
  'lineage_nodes.digest': 'of things that have rows of their own',
  'logged_model_metrics.dataset_digest': 'as its client computed it',
  'sweeps.training_digest': 'of a training set, by which trials are compared',
  'analyses.result_digest': 'of a result, by which the next run is compared',
  'analyses.rows_digest': 'of its rows in any order',
  'audit.hash': 'of the row',
  'audit_heads.hash': 'of the newest sealed row',
  'ci_records.commit_hash': 'of a commit, which git keeps',
  'tokens.hash': 'of the token',
  'sessions.hash': 'of the session',
  'users.invitation_hash': 'of the invitation',
  'users.password_hash': 'of the password',
  'event_sinks.content': 'which form its messages have',
  'subject_erasure_blobs.blob': 'to be removed, so this name does not keep it',
  'subject_erasures.key_digest': 'of a key, with salt',
  'dataset_erasures.old_digest': 'of a manifest that is gone',
  'dataset_erasures.new_digest': 'of a manifest that dataset_versions has',
} as const;

/** Rows of chunks stand here without the versions that would hold them. */
const withoutChunks = {
  findUnusedChunks: async () => new Set<string>(),
  removeUnusedChunks: async () => new Set<string>(),
};

describeEachDatabase('garbage', (open) => {
  let own: TestRegistry;
  let garbage: ReturnType<typeof createGarbageCollection>;
  let serial = 0;
  const build = (patience: number) =>
    createGarbageCollection({
      ...own,
      datasets: { ...datasetStore(own.db), ...withoutChunks },
      profiling: { removeUnused: async () => undefined },
      predictions: segmentStore(own.db),
      jobs: jobFileStore(own.db),
      patience,
    });
  beforeAll(async () => {
    own = await createTestRegistry(await open());
    garbage = build(60_000);
  });
  afterAll(() => own.close());

  const newExperiment = async (name = `e${++serial}`) =>
    (await own.experiments.createExperiment({ name }, caller)).id;
  const newRun = async (experimentId = '0') => (await own.experiments.createRun({ experimentId }, caller)).id;
  const put = (id: string, path: string, text: string) =>
    own.experiments.putArtifact({ id, path, content: Buffer.from(text) }, caller);
  const newModelRun = async (text: string) => {
    const run = await newRun();
    await put(run, 'model/MLmodel', `flavors:\n  python_function:\n    loader_module: x\n# ${text}\n`);
    return run;
  };
  const log = (id: string, key: string) =>
    own.experiments.log(
      id,
      {
        metrics: [1, 2].map((step) => ({ key, value: step, timestamp: step, step })),
        parameters: [{ key: 'p', value: '1' }],
        tags: [{ key: 't', value: '1' }],
      },
      'default',
    );
  const has = async (sha256: string) => (await own.blobs.stat(sha256)) !== null;

  test('a dry run says what would go and touches nothing; the real one does just that', async () => {
    const experiment = await newExperiment('passing');
    const run = await newRun(experiment);
    const other = await newRun();
    await log(run, 'm');
    const { sha256: alone } = await put(run, 'a.txt', 'only here');
    const { sha256: shared } = await put(run, 'b.txt', 'shared');
    await put(other, 'b.txt', 'shared');
    await own.experiments.deleteExperiment(experiment, caller);

    const dry = await garbage.collect(all, caller);
    expect(dry).toMatchObject({ applied: false, runs: 1, experiments: 1, blobs: 1, bytes: 9, next: null });
    expect(dry.removed.map(({ kind, id }) => [kind, id])).toEqual([
      ['run', run],
      ['experiment', experiment],
    ]);
    expect(await has(alone)).toBe(true);
    await own.experiments.getRun({ id: run }, caller);

    const done = await garbage.collect({ ...all, apply: true }, caller);
    expect(done).toEqual({ ...dry, applied: true });
    expect([await has(alone), await has(shared)]).toEqual([false, true]);
    await expect(own.experiments.getRun({ id: run }, caller)).rejects.toMatchObject({ code: 'runNotFound' });
    expect(await rowsOf(own.db, run)).toBe(0);
    const audited = await own.db
      .selectFrom('audit')
      .select('action')
      .where('action', 'in', ['run.removed', 'experiment.removed'])
      .execute();
    expect(audited).toHaveLength(2);
    expect(await garbage.collect({ ...all, apply: true }, caller)).toMatchObject({ runs: 0, blobs: 0 });
  });

  test("the name is free again, the number is nobody's", async () => {
    const first = await newExperiment('comes back');
    await own.experiments.deleteExperiment(first, caller);
    await expect(newExperiment('comes back')).rejects.toMatchObject({ code: 'experimentExists' });
    await garbage.collect({ ...all, apply: true }, caller);
    expect(Number(await newExperiment('comes back'))).toBeGreaterThan(Number(first));
  });

  test('what is active, young, restored or Default stays', async () => {
    const [active, deleted, restored] = [await newRun(), await newRun(), await newRun()];
    const { sha256 } = await put(deleted, 'x', `young ${serial}`);
    await own.experiments.deleteRun(deleted, caller);
    await own.experiments.deleteRun(restored, caller);
    await own.experiments.restoreRun(restored, caller);
    expect(await garbage.collect({ apply: true, graceSeconds: 0 }, caller)).toMatchObject({
      runs: 0,
      blobs: 0,
    });
    const onlyRows = await garbage.collect({ apply: true, olderThanSeconds: 0 }, caller);
    expect(onlyRows).toMatchObject({ runs: 1, blobs: 0 });
    expect(await has(sha256)).toBe(true);
    for (const id of [active, restored]) await own.experiments.getRun({ id }, caller);
    await own.experiments.deleteExperiment('0', caller);
    await garbage.collect({ ...all, apply: true }, caller);
    await own.experiments.restoreExperiment('0', caller);
  });

  test('a run that a model version came from stays, with its experiment, and it is said why', async () => {
    const experiment = await newExperiment();
    const run = await newRun(experiment);
    await put(run, 'model/MLmodel', 'flavors:\n  python_function:\n    loader_module: x\n');
    const version = await own.registry.register({ name: 'kept', runId: run, path: 'model' }, caller);
    await own.experiments.deleteExperiment(experiment, caller);
    for (const apply of [false, true])
      expect(await garbage.collect({ ...all, apply }, caller)).toMatchObject({
        runs: 0,
        experiments: 0,
        kept: [{ kind: 'run', id: run, usedBy: version.uri }],
      });
    for (const { sha256 } of version.files) expect(await has(sha256)).toBe(true);
    await own.experiments.restoreExperiment(experiment, caller);
  });

  test('a run that something holds stays', async () => {
    const run = await newRun();
    const hold = { workspace: 'default', userUri: 'endpoint:e', usedUri: `run:${run}`, reason: 'test' };
    await own.changes.run(caller, (tx) => own.lineage.hold(tx, hold));
    await own.experiments.deleteRun(run, caller);
    expect(await garbage.collect({ ...all, apply: true }, caller)).toMatchObject({
      kept: [{ id: run, usedBy: 'endpoint:e' }],
    });
    await own.changes.run(caller, (tx) => own.lineage.release(tx, 'default', 'endpoint:e'));
    expect(await garbage.collect({ ...all, apply: true }, caller)).toMatchObject({ runs: 1 });
  });

  test('logged models go like runs, unless a version came from one; an experiment goes with both', async () => {
    const experiment = await newExperiment('of models');
    const start = { experimentId: experiment, name: 'm' };
    const passing = await own.experiments.startLoggedModel(start, caller);
    const { sha256 } = await put(passing.id, 'weights', `weights ${serial}`);
    const run = await newRun(experiment);
    await own.experiments.logOutputs(run, [{ modelId: passing.id, step: 0 }], 'default');
    const metric = {
      modelId: passing.id,
      runId: run,
      key: 'loss',
      value: 1,
      timestamp: 1,
      step: 0,
      datasetName: '',
      datasetDigest: '',
    };
    await own.changes.run(caller, (tx) => own.experiments.saveModelMetrics(tx, [metric], 'default'));
    const used = await own.experiments.startLoggedModel({ experimentId: '0', name: 'used' }, caller);
    await put(used.id, 'MLmodel', 'flavors:\n  python_function:\n    loader_module: x\n');
    await own.registry.models.create({ name: 'from-logged' }, caller);
    const request = { name: 'from-logged', source: `models:/${used.id}`, loggedModel: used.id, tags: [] };
    await own.registry.versions.createVersion(request, caller);
    await own.experiments.deleteExperiment(experiment, caller);
    await own.experiments.deleteLoggedModel({ id: used.id }, caller);

    const dry = await garbage.collect(all, caller);
    const done = await garbage.collect({ ...all, apply: true }, caller);
    expect(done).toEqual({ ...dry, applied: true });
    expect(done).toMatchObject({ runs: 1, loggedModels: 1, experiments: 1, kept: [{ id: used.id }] });
    expect(await has(sha256)).toBe(false);
    for (const table of ['logged_model_metrics', 'logged_model_points', 'run_models'] as const)
      expect(await own.db.selectFrom(table).selectAll().execute()).toEqual([]);
  });

  test('broken off after each step, it comes to the same end', async () => {
    const runs = await Promise.all(Array.from({ length: 7 }, () => newRun()));
    for (const [index, run] of runs.entries()) {
      await log(run, `m${index}`);
      await put(run, 'f', `step ${index} of ${serial}`);
      await own.experiments.deleteRun(run, caller);
    }
    const hasty = build(-1);
    let calls = 0;
    let cursor: string | undefined;
    const sum = { runs: 0, blobs: 0 };
    do {
      const step = await hasty.collect({ ...all, apply: true, ...(cursor && { cursor }) }, caller);
      sum.runs += step.runs;
      sum.blobs += step.blobs;
      cursor = step.next ?? undefined;
      calls += 1;
    } while (cursor !== undefined && calls < 500);
    expect(sum).toEqual({ runs: 7, blobs: 7 });
    expect(calls).toBeGreaterThan(7);
    for (const run of runs) expect(await rowsOf(own.db, run)).toBe(0);
    expect(await own.db.selectFrom('artifact_owner_removals').selectAll().execute()).toEqual([]);
  });

  test('a model registered while files are cleaned away keeps them or is refused', async () => {
    for (let round = 0; round < 5; round += 1) {
      const run = await newModelRun(`race ${round} ${own.db.isTransaction}`);
      const race = await Promise.allSettled([
        own.registry.register({ name: `race-${round}`, runId: run, path: 'model' }, caller),
        own.experiments.deleteArtifacts(run, 'model', caller),
        garbage.collect({ ...all, graceSeconds: 3600, apply: true }, caller),
      ]);
      const [registered] = race;
      if (registered.status === 'fulfilled')
        for (const { sha256 } of registered.value.files) expect(await has(sha256)).toBe(true);
    }
  });

  test.each(['x', 'blobs', 'blobs/../..', 'blobs/a/b', 'runs/1'].filter((text) => text !== 'blobs'))(
    'the cursor %s is refused',
    async (cursor) => {
      await expect(garbage.collect({ cursor }, caller)).rejects.toMatchObject({ code: 'pageCursorInvalid' });
    },
  );

  test('every column that may name a blob is known', async () => {
    const everywhere = await own.db.introspection.getTables();
    // On PostgreSQL other suites have schemas of their own beside this one, some of them of long ago.
    const schema = everywhere.some((table) => table.schema)
      ? (await sql<{ name: string }>`select current_schema() as name`.execute(own.db)).rows[0]?.name
      : undefined;
    const tables = everywhere.filter((table) => table.schema === schema);
    const found = tables.flatMap(({ name, columns }) =>
      columns
        .filter((column) => /sha|blob|digest|hash|files|content$/.test(column.name))
        .map((column) => `${name}.${column.name}`),
    );
    expect(Object.keys(naming)).toEqual(expect.arrayContaining(found));
    expect(found).toEqual(
      expect.arrayContaining(Object.keys(naming).filter((column) => !column.startsWith('logged_model'))),
    );
  });

  test('whatever is shared and deleted: no blob goes that something names, and no other stays', async () => {
    const contents = fc.array(fc.integer({ min: 0, max: 11 }), { minLength: 1, maxLength: 4 });
    const scenario = fc.record({
      runs: fc.array(
        fc.record({
          contents,
          fate: fc.constantFrom('active', 'deleted', 'registered', 'registered and deleted', 'files deleted'),
        }),
        { minLength: 1, maxLength: 5 },
      ),
      orphans: contents,
      chunks: contents,
      sources: contents,
      segments: contents,
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ runs, orphans, chunks, sources, segments }) => {
        serial += 1;
        const text = (content: number) => `content ${content} of ${serial}`;
        const blob = async (content: number) => (await own.blobs.put(Buffer.from(text(content)))).sha256;
        for (const { contents: files, fate } of runs) {
          const run = await newModelRun(`${fate} ${files.join()}`);
          for (const [index, content] of files.entries()) await put(run, `model/f${index}`, text(content));
          if (fate.startsWith('registered'))
            await own.registry.register({ name: `m${serial}`, runId: run, path: 'model' }, caller);
          if (fate.endsWith(' deleted') && fate.startsWith('files'))
            await own.experiments.deleteArtifacts(run, 'model', caller);
          else if (fate.endsWith('deleted')) await own.experiments.deleteRun(run, caller);
        }
        for (const content of orphans) await blob(content);
        for (const content of chunks) await addChunk(own.db, await blob(content));
        for (const content of sources) await addSource(own.db, await blob(content));
        for (const content of segments) await addSegment(own.db, await blob(content));

        const dry = await garbage.collect(all, caller);
        const done = await garbage.collect({ ...all, apply: true }, caller);
        expect(done).toEqual({ ...dry, applied: true });
        const stored: string[] = [];
        for await (const id of own.blobs.list()) stored.push(id);
        expect(stored).toEqual([...(await named(own.db))].sort());
      }),
      { numRuns: 12 },
    );
  });
});

/** Everything that names blobs, read in another way than the service does. */
async function named(db: Db): Promise<Set<string>> {
  const files = await db.selectFrom('run_artifacts').select('sha256').execute();
  const versions = await db.selectFrom('model_versions').select('files').execute();
  const chunks = await db.selectFrom('dataset_chunks').select('blob').execute();
  const sources = await db.selectFrom('dataset_chunk_sources').select('blob').execute();
  const segments = await db.selectFrom('prediction_segments').select('sha256').execute();
  return new Set([
    ...files.map((row) => row.sha256),
    ...versions.flatMap((row) => row.files.match(/[0-9a-f]{64}/g) ?? []),
    ...chunks.map((row) => row.blob),
    ...sources.map((row) => row.blob),
    ...segments.map((row) => row.sha256),
  ]);
}

async function addChunk(db: Db, blob: string): Promise<void> {
  await db
    .insertInto('dataset_chunks')
    .values({ id: blob, blob, row_count: 1, bytes: 1 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function addSource(db: Db, blob: string): Promise<void> {
  await db
    .insertInto('dataset_chunk_sources')
    .values({ chunk: `delta of ${blob}`, position: 0, blob, bytes: 1, kind: 'chunk' })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

const addSegment = (db: Db, sha256: string): Promise<void> =>
  segmentStore(db).insert({
    id: sha256,
    workspace: 'default',
    endpoint: 'e',
    kind: 'predictions',
    day: '2026-01-01',
    sha256,
    rows: 1,
    marked: 0,
    sealedAt: 1,
  });

async function rowsOf(db: Db, run: string): Promise<number> {
  const tables = ['run_parameters', 'run_tags', 'run_metrics', 'run_inputs', 'run_artifacts'] as const;
  const counts = await Promise.all(
    tables.map((table) => db.selectFrom(table).select('run_id').where('run_id', '=', run).execute()),
  );
  const points = await db
    .selectFrom('metric_points')
    .leftJoin('run_metrics', 'run_metrics.id', 'series_id')
    .select('series_id')
    .where('run_metrics.id', 'is', null)
    .execute();
  return counts.flat().length + points.length;
}
