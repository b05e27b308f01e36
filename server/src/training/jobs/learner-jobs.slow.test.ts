import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { LearnerJob } from '@tidemill/contract';
import { afterEach, expect, test } from 'vitest';
import { openFilesystemFolder } from '../../adapters/artifact-folder/filesystem.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import { callerIn } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import {
  buildTrainingCsv,
  commitCsv,
  createTrainingWing,
  isEnded,
  type TrainingWing,
  until,
} from '../../testing/training-wing.ts';
import type { Recipe } from './rules.ts';

const job: LearnerJob = {
  experiment: 'prices',
  trainingSet: 'training@1',
  features: ['f0', 'f1', 'f2'],
  target: 'y',
  timeColumn: 'day',
  learner: 'ridge',
};

describeEachDatabase('learner jobs', (open) => {
  let wing: TrainingWing;
  // Rows of its own for each test: the suite shares a database, which knows where the first ones lie.
  let seed = 0;
  afterEach(() => wing.close());

  async function prepare(
    workspace: string,
    csv = buildTrainingCsv(200, 3, ++seed),
    compute?: (real: Compute) => Compute,
  ) {
    wing = await createTrainingWing(await open(), compute ? { compute } : {});
    const caller = callerIn(workspace);
    await commitCsv(wing, 'training', csv, caller);
    return caller;
  }

  const endedEvents = async (id: string) =>
    (await wing.events.listAfter(0, 10_000)).filter(
      (event) => event.kind === 'job.finished' && event.payload.id === id,
    );

  test('where artifacts lie in a folder, a job leaves its files there', async () => {
    const root = await tempDir();
    wing = await createTrainingWing(await open(), { artifacts: await openFilesystemFolder(root) });
    const caller = callerIn('in a folder');
    await commitCsv(wing, 'training', buildTrainingCsv(200, 3, ++seed), caller);
    const { id } = await wing.jobs.submitLearner(job, caller);
    const { runId, state } = await until(wing.jobs, id, caller, isEnded);
    expect(state).toBe('succeeded');
    const { artifactUri } = await wing.experiments.getRun({ id: runId ?? '' }, caller);
    expect(artifactUri.startsWith(`file://${root}/`)).toBe(true);
    const files = await readdir(fileURLToPath(artifactUri), { recursive: true });
    expect(files).toEqual(expect.arrayContaining(['model/MLmodel', 'model/model.onnx', 'recipe.json']));
  });

  test('a job leaves a finished run with parameters, metrics, input, model and recipe, and tells it', async () => {
    const caller = await prepare('whole');
    const submitted = await wing.jobs.submitLearner(
      { ...job, name: 'first', register: 'forecaster' },
      caller,
    );
    expect(submitted.spec).toMatchObject({ trainingSet: 'training@1', split: 'time', holdout: 0.2, seed: 0 });
    const ended = await until(wing.jobs, submitted.id, caller, isEnded);
    expect(ended).toMatchObject({ state: 'succeeded', kind: 'learner', error: null, attempt: 1 });

    const id = ended.runId ?? '';
    const run = await wing.experiments.getRun({ id }, caller);
    expect(run).toMatchObject({
      status: 'FINISHED',
      name: 'first',
      user: 'user:tester',
      parameters: { learner: 'ridge', lambda: '1', split: 'time', holdout: '0.2', trainingSet: 'training@1' },
      inputs: [{ name: 'training', source: 'dataset:training@1', context: 'training' }],
    });
    expect(run.metrics).toMatchObject({ trainingRows: 160, holdoutRows: 40, trainRmse: expect.any(Number) });
    expect(run.metrics.mae).toBeLessThan(run.metrics.rmse ?? 0);

    const files = await wing.experiments.artifactFiles(id, 'model', caller.workspace);
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['model/MLmodel', 'model/model.onnx']),
    );
    const [event, ...more] = await endedEvents(ended.id);
    expect(more).toEqual([]);
    const recipe = event?.payload.recipe as Recipe;
    expect(event?.payload).toMatchObject({ state: 'succeeded', runId: id, register: 'forecaster' });
    expect(recipe).toMatchObject({ runId: id, learner: 'ridge', parameters: { lambda: 1 }, seed: 0 });
    const { upstream } = await wing.lineage.lineage({ uri: `run:${id}` }, caller);
    expect(upstream.map(({ from }) => from)).toContain('dataset:training@1');

    // The bundle's promise: recipe and rows alone give the same bytes.
    const version = await wing.datasets.resolve('training@1', caller.workspace);
    const again = await wing.jobs.retrain(recipe, await wing.datasets.source(version));
    const digests = [...again].map(([path, bytes]) => [
      `model/${path}`,
      createHash('sha256').update(bytes).digest('hex'),
    ]);
    expect(Object.fromEntries(digests)).toEqual(
      Object.fromEntries(files.map(({ path, sha256 }) => [path, sha256])),
    );
  });

  test('the random split of a notebook flatters where the newest rows differ', async () => {
    const level = buildTrainingCsv(300)
      .trimEnd()
      .split('\n')
      .map((line, row) => (row === 0 ? 'day,level,y' : `${line.split(',')[0]},${row},${row + 1}`));
    const caller = await prepare('flattery', `${level.join('\n')}\n`);
    const r2 = async (split: 'time' | 'random') => {
      const parameters = { trees: 50, minLeaf: 5 };
      const spec = { ...job, features: ['level'], learner: 'trees' as const, parameters, split, seed: 4 };
      const { id } = await wing.jobs.submitLearner(spec, caller);
      const { runId } = await until(wing.jobs, id, caller, isEnded);
      return (await wing.experiments.getRun({ id: runId ?? '' }, caller)).metrics.r2 ?? 0;
    };
    expect(await r2('random')).toBeGreaterThan(0.98);
    expect(await r2('time')).toBeLessThan(0);
  });

  test('what cannot work is refused before anything is written', async () => {
    const caller = await prepare('refused');
    const submit = (change: Partial<LearnerJob>) => wing.jobs.submitLearner({ ...job, ...change }, caller);
    await expect(submit({ trainingSet: 'nothing@1' })).rejects.toMatchObject({ code: 'datasetNotFound' });
    await expect(submit({ trainingSet: 'training@7' })).rejects.toThrow("'training@7'");
    await expect(submit({ features: ['f9'] })).rejects.toThrow(
      "training@1 has no column 'f9'. Its columns are day, f0, f1, f2, y.",
    );
    await expect(submit({ features: ['day'] })).rejects.toMatchObject({ code: 'trainingColumnInvalid' });
    await expect(submit({ parameters: { depth: 3 } })).rejects.toMatchObject({
      code: 'learnerParameterInvalid',
    });
    expect((await wing.jobs.list({}, caller)).items).toEqual([]);
    expect(await wing.experiments.findExperimentByName('prices', caller.workspace)).toBeNull();
  });

  test('missing values fail the job at once, naming column and rows; the run is FAILED', async () => {
    const csv = buildTrainingCsv(50).replace(/^(2020-01-0[357]),[^,]*/gm, '$1,');
    const caller = await prepare('gaps', csv);
    const { id, runId } = await wing.jobs.submitLearner({ ...job, register: 'm' }, caller);
    const ended = await until(wing.jobs, id, caller, isEnded);
    expect(ended).toMatchObject({ state: 'failed', attempt: 1 });
    expect(ended.error).toContain("'f0' of training@1 has no finite number in 3 of 50 rows (first in row 3)");
    expect(await wing.experiments.getRun({ id: runId ?? '' }, caller)).toMatchObject({ status: 'FAILED' });
    expect((await endedEvents(id)).map(({ payload }) => payload)).toEqual([
      { id, kind: 'learner', state: 'failed', runId, register: null, recipe: null, error: ended.error },
    ]);
  });

  test('a dead worker is tried again under the same run', async () => {
    let calls = 0;
    const failingOnce = (real: Compute): Compute => ({
      ...real,
      compute: (task, options) => {
        calls += 1;
        return calls === 1 ? Promise.reject(new Error('the thread died')) : real.compute(task, options);
      },
    });
    const caller = await prepare('again', undefined, failingOnce);
    const { id, runId } = await wing.jobs.submitLearner(job, caller);
    const ended = await until(wing.jobs, id, caller, isEnded);
    expect(ended).toMatchObject({ state: 'succeeded', attempt: 2, runId, error: null });
    expect(await endedEvents(id)).toHaveLength(1);
  });

  test('what fails every time ends after three attempts and says so', async () => {
    const broken = (real: Compute): Compute => ({
      ...real,
      compute: () => Promise.reject(new Error('the thread died')),
    });
    const caller = await prepare('broken', undefined, broken);
    const { id, runId } = await wing.jobs.submitLearner(job, caller);
    const ended = await until(wing.jobs, id, caller, isEnded);
    expect(ended.state).toBe('failed');
    expect(ended.error).toContain('failed in each of 3 attempts: the thread died');
    expect(await wing.experiments.getRun({ id: runId ?? '' }, caller)).toMatchObject({ status: 'FAILED' });
  });

  test('cancelling ends the fit and KILLs the run, once', async () => {
    const caller = await prepare('cancelled', buildTrainingCsv(20_000, 3, ++seed));
    const endless = { ...job, learner: 'trees' as const, parameters: { trees: 5000, depth: 10, minLeaf: 1 } };
    const { id, runId } = await wing.jobs.submitLearner(endless, caller);
    await until(wing.jobs, id, caller, ({ progress }) => Number(progress.fraction) > 0);
    expect(await wing.jobs.cancel({ id }, caller)).toMatchObject({ state: 'cancelled' });
    expect(await wing.jobs.cancel({ id }, caller)).toMatchObject({ state: 'cancelled' });
    expect(await wing.experiments.getRun({ id: runId ?? '' }, caller)).toMatchObject({ status: 'KILLED' });
    // The thread is free again, and what the cancelled attempt still does changes nothing.
    const { id: next } = await wing.jobs.submitLearner(job, caller);
    await until(wing.jobs, next, caller, ({ state }) => state === 'succeeded');
    expect(await wing.jobs.get({ id }, caller)).toMatchObject({ state: 'cancelled' });
    expect((await endedEvents(id)).map(({ payload }) => payload.state)).toEqual(['cancelled']);
    await expect(wing.jobs.cancel({ id: next }, caller)).rejects.toMatchObject({ code: 'jobEnded' });
  });

  test("a cancel between the told end and the task's own comes too late", async () => {
    const caller = await prepare('late', buildTrainingCsv(20_000, 3, ++seed));
    const endless = { ...job, learner: 'trees' as const, parameters: { trees: 5000, depth: 10, minLeaf: 1 } };
    const { id } = await wing.jobs.submitLearner(endless, caller);
    await until(wing.jobs, id, caller, ({ state }) => state === 'running');
    const setEnd = (endedAt: number | null) =>
      wing.db.updateTable('jobs').set({ ended_at: endedAt }).where('id', '=', id).execute();
    await setEnd(1);
    await expect(wing.jobs.cancel({ id }, caller)).rejects.toMatchObject({ code: 'jobEnded' });
    expect(await wing.jobs.get({ id }, caller)).toMatchObject({ state: 'running' });
    await setEnd(null);
    expect(await wing.jobs.cancel({ id }, caller)).toMatchObject({ state: 'cancelled' });
  });

  test('a registered model shows at its job; lists are by workspace, state and page', async () => {
    const caller = await prepare('listed');
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push((await wing.jobs.submitLearner(job, caller)).id);
    // Made within one millisecond, they sort by chance.
    ids.sort();
    for (const id of ids) await until(wing.jobs, id, caller, isEnded);
    const { runId } = await wing.jobs.get({ id: ids[0] ?? '' }, caller);
    await wing.changes.run(caller, async (_tx, record) => {
      record({
        action: 'model.registered',
        subject: 'model:m@1',
        detail: { reference: 'm@1', runId: runId ?? '' },
      });
    });
    await until(wing.jobs, ids[0] ?? '', caller, ({ modelVersion }) => modelVersion === 'm@1');
    const first = await wing.jobs.list({ limit: 2, state: 'succeeded' }, caller);
    expect(first.items.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const rest = await wing.jobs.list({ limit: 2, cursor: first.nextCursor ?? '' }, caller);
    expect(rest.items.map(({ id }) => id)).toEqual([ids[0]]);
    expect((await wing.jobs.list({ state: 'failed' }, caller)).items).toEqual([]);
    expect((await wing.jobs.list({}, callerIn('elsewhere'))).items).toEqual([]);
    await expect(wing.jobs.get({ id: ids[0] ?? '' }, callerIn('elsewhere'))).rejects.toMatchObject({
      code: 'jobNotFound',
    });
  });
});
