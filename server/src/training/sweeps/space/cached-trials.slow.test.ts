import type { SearchDefinition, Sweep } from '@tidemill/contract';
import { afterEach, expect, test } from 'vitest';
import type { Caller } from '../../../base/caller.ts';
import { callerIn } from '../../../testing/data-wing.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';
import { createTrainingWing, isEnded, type TrainingWing, until } from '../../../testing/training-wing.ts';

/** In the words of a command. */
const stands = (name: string): string => `$\{${name}}`;
const command = ['sh', '-c', 'sleep 0.4; echo "$0" > "$TIDEMILL_JOB_FOLDER/outputs/x.txt"', stands('x')];

const grid = (choices: number[], change: Partial<SearchDefinition> = {}): SearchDefinition => ({
  experiment: 'cached',
  space: { x: { type: 'categorical', choices } },
  goals: [{ metric: 'loss', direction: 'minimize' }],
  ...{ sampler: 'grid', budget: { trials: 9 }, parallel: 2 },
  command: { command, resources: { cpu: 0.5 } },
  ...change,
});

describeEachDatabase('trials that are taken from finished runs', (open) => {
  let wing: TrainingWing;
  afterEach(() => wing.close());

  /** As the script would by MLflow: its x is its loss. */
  async function play(definition: SearchDefinition, caller: Caller): Promise<Sweep> {
    const { id } = await wing.sweeps.search(definition, caller);
    return follow(id, caller, isEnded);
  }

  function follow(id: string, caller: Caller, isDone: (sweep: Sweep) => boolean): Promise<Sweep> {
    const told = new Set<string>();
    const logAndGet = async (): Promise<Sweep> => {
      const sweep = await wing.sweeps.get({ id }, caller);
      const repeats = (sweep.confirmation?.trials ?? []).flatMap(({ parameters, repeats: list }) =>
        list.map((repeat) => ({ ...repeat, parameters })),
      );
      for (const { runId, state, parameters } of [...sweep.trials, ...repeats]) {
        if (runId === null || state !== 'running' || told.has(runId)) continue;
        told.add(runId);
        const metrics = [{ key: 'loss', value: Number(parameters.x) }];
        await wing.experiments.logBatch({ id: runId, metrics }, caller);
      }
      return sweep;
    };
    return until({ get: logAndGet }, id, caller, isDone);
  }

  const outline = ({ trials }: Sweep) =>
    trials.map(({ parameters, state, value, cachedFrom }) => [
      ...[parameters.x, state, value, cachedFrom === undefined],
    ]);

  test('the same points are not run again, others are, and what was taken counts as a trial', async () => {
    wing = await createTrainingWing(await open());
    const caller = callerIn('taken');
    const first = await play(grid([1, 2]), caller);
    expect(outline(first)).toEqual([1, 2].map((x) => [x, 'complete', x, true]));

    const second = await play(grid([1, 2, 3], { cache: true, register: 'none' }), caller);
    expect(outline(second)).toEqual([1, 2, 3].map((x) => [x, 'complete', x, x === 3]));
    expect(second.best).toMatchObject({ number: 0, value: 1, runId: first.trials[0]?.runId, cost: 0 });
    const taken = second.trials[1];
    expect(taken?.cachedFrom).toBe(first.trials[1]?.jobId);
    const job = await wing.jobs.get({ id: taken?.jobId ?? '' }, caller);
    expect(job).toMatchObject({ state: 'succeeded', cachedFrom: { jobId: first.trials[1]?.jobId } });
    expect((await wing.sweeps.list({ limit: 1 }, caller)).items[0]?.best?.cachedFrom).toBe(
      first.trials[0]?.jobId,
    );

    // Not asked for, all are run.
    const third = await play(grid([1]), caller);
    expect(outline(third)).toEqual([[1, 'complete', 1, true]]);
    expect(third.trials[0]?.runId).not.toBe(first.trials[0]?.runId);
    // Another seed is another training.
    const fourth = await play(grid([1], { cache: true, seed: 5 }), caller);
    expect(outline(fourth)).toEqual([[1, 'complete', 1, true]]);

    // Repeats of a confirmation are taken too: here all of them when it is asked for once more.
    const spent: boolean[][] = [];
    for (let i = 0; i < 2; i++) {
      await wing.sweeps.confirm({ id: second.id, top: 1, seeds: 3 }, caller);
      const done = await follow(second.id, caller, ({ confirmation }) => confirmation?.state !== 'running');
      expect(done.confirmation).toMatchObject({ state: 'succeeded', chosen: 0, ended: 3 });
      const jobs = done.confirmation?.trials[0]?.repeats.map(({ jobId }) => jobId ?? '') ?? [];
      const found = await Promise.all(jobs.map((id) => wing.jobs.get({ id }, caller)));
      spent.push(found.map(({ cachedFrom }) => cachedFrom !== null));
    }
    expect(spent).toEqual([
      [false, false, false],
      [true, true, true],
    ]);
  });

  test('only jobs of which it is known what they read can be taken', async () => {
    wing = await createTrainingWing(await open());
    const caller = callerIn('refused');
    await expect(
      wing.sweeps.search({ ...grid([1], { cache: true }), command: undefined }, caller),
    ).rejects.toMatchObject({ code: 'sweepInvalid' });
    const inPlace = { command, workingDirectory: wing.folder };
    await expect(
      wing.sweeps.search(grid([1], { cache: true, command: inPlace }), caller),
    ).rejects.toMatchObject({
      code: 'jobNotCached',
    });
  });
});
