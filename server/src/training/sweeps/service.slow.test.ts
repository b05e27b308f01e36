import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { SweepDefinition, Trial } from '@tidemill/contract';
import { afterEach, expect, test } from 'vitest';
import type { Compute } from '../../adapters/executor/executor.ts';
import { callerIn } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import {
  buildTrainingCsv,
  commitCsv,
  createTrainingWing,
  isEnded,
  type TrainingWing,
  until,
} from '../../testing/training-wing.ts';
import type { Recipe } from '../learners/service.ts';

const definition: SweepDefinition = {
  experiment: 'search',
  trainingSet: 'training@1',
  features: ['f0', 'f1', 'f2'],
  target: 'y',
  timeColumn: 'day',
  learners: ['ridge', 'trees'],
  trials: 6,
  seed: 3,
};

describeEachDatabase('sweeps', (open) => {
  let wing: TrainingWing;
  let seed = 200;
  afterEach(() => wing.close());

  async function prepare(
    workspace: string,
    csv = buildTrainingCsv(160, 3, ++seed),
    compute?: (real: Compute) => Compute,
  ) {
    wing = await createTrainingWing(await open(), compute ? { compute } : {});
    const caller = callerIn(workspace);
    await commitCsv(wing, 'training', csv, caller);
    return caller;
  }

  const endedEvents = async (id: string) =>
    (await wing.events.listAfter(0, 10_000)).filter(
      (event) => event.kind === 'sweep.finished' && event.payload.id === id,
    );

  test('what changed comes by pages, each trial until it has ended', async () => {
    const caller = await prepare('changes');
    const { id } = await wing.sweeps.create(definition, caller);
    const known = new Map<number, Trial>();
    const after = new Map<number, number>();
    let since: string | undefined;
    let isOver = false;
    for (let look = 0; !isOver || look === 0; ) {
      const changes = await wing.sweeps.changes({ id, since, limit: 2 }, caller);
      expect(changes.trials.length).toBeLessThanOrEqual(2);
      expect(changes.isWhole).toBe(since === undefined);
      for (const trial of changes.trials) {
        if (known.get(trial.number)?.endedAt) after.set(trial.number, (after.get(trial.number) ?? 0) + 1);
        known.set(trial.number, trial);
      }
      since = changes.cursor;
      look += 1;
      await pause(5);
      // What ended between the last look and this one is in this one.
      isOver = isEnded({ ...changes.sweep, trials: [] }) && !changes.hasMore;
    }
    const sweep = await wing.sweeps.get({ id }, caller);
    expect([...known.values()].sort((a, b) => a.number - b.number)).toEqual(sweep.trials);
    expect(after).toEqual(new Map());
    const { trials, sweep: shown, hasMore } = await wing.sweeps.changes({ id, since }, caller);
    expect([trials, hasMore, shown.best]).toEqual([[], false, sweep.best]);
    await expect(wing.sweeps.changes({ id, since: 'nonsense' }, caller)).rejects.toMatchObject({
      code: 'pageCursorInvalid',
    });
  });

  test('trials are nested runs, the best is fitted on all rows and told with its recipe', async () => {
    const caller = await prepare('whole');
    const { id } = await wing.sweeps.create({ ...definition, register: 'forecaster' }, caller);
    const sweep = await until(wing.sweeps, id, caller, isEnded);
    expect(sweep).toMatchObject({ state: 'succeeded', error: null, definition: { folds: 3, metric: 'mae' } });
    expect(sweep.trials.map(({ number, state }) => [number, state])).toEqual(
      [0, 1, 2, 3, 4, 5].map((number) => [number, 'complete']),
    );
    expect(new Set(sweep.trials.map(({ learner }) => learner))).toEqual(new Set(['ridge', 'trees']));
    const least = Math.min(...sweep.trials.map(({ value }) => value ?? Number.NaN));
    expect(sweep.best?.value).toBe(least);

    const parent = await wing.experiments.getRun({ id: sweep.runId ?? '' }, caller);
    expect(parent).toMatchObject({
      status: 'FINISHED',
      metrics: { mae: least, trainingRows: 160 },
      parameters: { learner: sweep.best?.learner, holdout: '0', trainingSet: 'training@1' },
      inputs: [{ source: 'dataset:training@1' }],
    });
    const { items } = await wing.experiments.searchRuns(
      {
        experimentIds: [parent.experimentId],
        filter: `tags.\`mlflow.parentRunId\` = '${parent.id}'`,
        orderBy: ['metrics.mae ASC'],
      },
      caller,
    );
    expect(items.map((run) => run.status)).toEqual(Array(6).fill('FINISHED'));
    expect(items[0]).toMatchObject({ id: sweep.best?.runId, metrics: { mae: least } });
    const history = await wing.experiments.metricHistory({ id: items[0]?.id ?? '', key: 'fold_mae' }, caller);
    expect(history.items.map(({ step }) => step)).toEqual([0, 1, 2]);

    const events = await endedEvents(id);
    expect(events).toHaveLength(1);
    const payload = events[0]?.payload;
    expect(payload).toMatchObject({
      state: 'succeeded',
      runId: parent.id,
      register: 'forecaster',
      best: sweep.best,
    });
    const version = await wing.datasets.resolve('training@1', caller.workspace);
    const again = await wing.jobs.retrain(payload?.recipe as Recipe, await wing.datasets.source(version));
    const stored = await wing.experiments.artifactFiles(parent.id, 'model', caller.workspace);
    expect(
      [...again]
        .map(([path, bytes]) => [`model/${path}`, createHash('sha256').update(bytes).digest('hex')])
        .sort(),
    ).toEqual(stored.map(({ path, sha256 }) => [path, sha256]).sort());
    const recipe = await wing.experiments.artifactFiles(parent.id, '', caller.workspace);
    expect(recipe.map(({ path }) => path)).toContain('recipe.json');
  });

  test('the same seed searches the same, another does not', async () => {
    const caller = await prepare('seeds');
    const search = async (own: number) => {
      const { id } = await wing.sweeps.create({ ...definition, trials: 4, folds: 2, seed: own }, caller);
      return (await until(wing.sweeps, id, caller, isEnded)).trials.map((trial) => [
        trial.parameters,
        trial.value,
      ]);
    };
    const first = await search(1);
    expect(await search(1)).toEqual(first);
    expect(await search(2)).not.toEqual(first);
  });

  test('what cannot be searched says why: at submission, by its folds, by its values', async () => {
    const caller = await prepare('refused', buildTrainingCsv(3, 3, ++seed));
    const create = (change: Partial<SweepDefinition>) =>
      wing.sweeps.create({ ...definition, ...change }, caller);
    await expect(create({ trainingSet: 'nothing@1' })).rejects.toMatchObject({ code: 'datasetNotFound' });
    await expect(create({ target: 'z' })).rejects.toThrow("no column 'z'");

    const { id, runId } = await create({ folds: 5, register: 'm' });
    const few = await until(wing.sweeps, id, caller, isEnded);
    expect(few).toMatchObject({ state: 'failed', trials: [], best: null });
    expect(few.error).toContain('3 rows of 3 times cannot be cut into 5 expanding windows');
    expect(await wing.experiments.getRun({ id: runId ?? '' }, caller)).toMatchObject({ status: 'FAILED' });
    expect((await endedEvents(id)).map(({ payload }) => payload)).toMatchObject([
      { state: 'failed', register: null, recipe: null, best: null, error: few.error },
    ]);

    const huge = buildTrainingCsv(40, 3, ++seed).replace(/^(2020-01-02),[^,]*/m, '$1,1e300');
    await commitCsv(wing, 'huge', huge, caller);
    const { id: broken } = await create({ trainingSet: 'huge', trials: 2 });
    const none = await until(wing.sweeps, broken, caller, isEnded);
    expect(none.trials.map(({ state }) => state)).toEqual(['failed', 'failed']);
    expect(none.error).toMatch(/None of the 2 trials .* gave a model; .*'f0' holds 1e\+300/);
  });

  test('a thread that dies repeats its trial under the same run; finished ones stay', async () => {
    let calls = 0;
    const failingOnce = (real: Compute): Compute => ({
      ...real,
      compute: (task, options) => {
        calls += 1;
        return calls === 3 ? Promise.reject(new Error('the thread died')) : real.compute(task, options);
      },
    });
    const caller = await prepare('dying', undefined, failingOnce);
    const { id } = await wing.sweeps.create(definition, caller);
    const sweep = await until(wing.sweeps, id, caller, isEnded);
    expect(sweep.state).toBe('succeeded');
    // Six trials, the one that was repeated, the refit.
    expect(calls).toBe(8);
    expect(new Set(sweep.trials.map(({ runId }) => runId)).size).toBe(6);
    expect(await endedEvents(id)).toHaveLength(1);
  });

  test('cancelling keeps finished trials, stops the running ones, and KILLs the run', async () => {
    const caller = await prepare('cancelled', buildTrainingCsv(4000, 3, ++seed));
    const long = { ...definition, trials: 1000, learners: ['trees'] as 'trees'[] };
    const { id, runId } = await wing.sweeps.create(long, caller);
    await until(wing.sweeps, id, caller, ({ trials }) => trials.some(({ state }) => state === 'complete'));
    const cancelled = await wing.sweeps.cancel({ id }, caller);
    expect(cancelled).toMatchObject({ state: 'cancelled' });
    const states = cancelled.trials.map(({ state }) => state);
    expect(states).toContain('complete');
    expect(states).not.toContain('running');
    expect(cancelled.trials.find(({ state }) => state === 'failed')?.error).toBe('the sweep was cancelled');
    expect(await wing.experiments.getRun({ id: runId ?? '' }, caller)).toMatchObject({ status: 'KILLED' });
    expect(await wing.sweeps.cancel({ id }, caller)).toMatchObject({ state: 'cancelled' });
    expect((await endedEvents(id)).map(({ payload }) => payload.register)).toEqual([null]);
    // Its threads are free again.
    const { id: next } = await wing.sweeps.create({ ...definition, trials: 2 }, caller);
    await until(wing.sweeps, next, caller, ({ state }) => state === 'succeeded');
    expect((await wing.sweeps.list({ limit: 1 }, caller)).items.map((sweep) => sweep.id)).toEqual([next]);
    await expect(wing.sweeps.get({ id }, callerIn('elsewhere'))).rejects.toMatchObject({
      code: 'sweepNotFound',
    });
  });
});
