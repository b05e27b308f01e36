import { writeFile } from 'node:fs/promises';
import type { ConfirmationRequest, JobParameters, SearchDefinition, Sweep } from '@tidemill/contract';
import { afterEach, expect, test, vi } from 'vitest';
import type { Caller } from '../../../base/caller.ts';
import { callerIn, textOf } from '../../../testing/data-wing.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';
import { createTrainingWing, type TrainingWing } from '../../../testing/training-wing.ts';

/** In the words of a command. */
const stands = (name: string): string => `$\{${name}}`;
const script = `cat "$TIDEMILL_PARAMS"; echo "seed=$1 window=$TIDEMILL_WINDOW trial=$TIDEMILL_TRIAL"
while [ ! -e outputs/go ]; do sleep 0.02; done; test ! -e outputs/failed`;

const definition: SearchDefinition = {
  experiment: 'search',
  space: { x: { type: 'int', low: 0, high: 3 }, kind: { type: 'categorical', choices: ['a'] } },
  goals: [{ metric: 'loss', direction: 'minimize' }],
  sampler: 'grid',
  budget: { trials: 4 },
  seed: 10,
  command: { command: ['sh', '-c', script, 'sh', stands('seed')], resources: { cpu: 0.25 } },
};

interface Work {
  readonly parameters: JobParameters;
  readonly seed: number;
  readonly window?: { readonly index: number; readonly count: number };
}

describeEachDatabase('confirming the best of a search', (open) => {
  let wing: TrainingWing;
  const trained = new Set<string>();
  afterEach(() => wing.close());

  async function prepare(workspace: string): Promise<Caller> {
    wing = await createTrainingWing(await open());
    return callerIn(workspace);
  }

  /** Is every job's training: a value, or a failure, or nothing yet. */
  async function train(caller: Caller, answer: (work: Work) => number | 'fail' | undefined): Promise<void> {
    const { items } = await wing.jobs.list({ state: 'running' }, caller);
    for (const { id, runId, spec } of items) {
      const value = answer(spec as unknown as Work);
      // Once: what is written into the folder of a job that ends just now would stand in its way.
      if (value === undefined || trained.has(id)) continue;
      const metrics = [{ key: 'loss', value: Number(value), step: 0 }];
      if (value !== 'fail') await wing.experiments.logBatch({ id: runId ?? '', metrics }, caller);
      const write = (name: string) => writeFile(`${wing.folder}/jobs/${id}/outputs/${name}`, '');
      const written = (value === 'fail' ? write('failed') : Promise.resolve()).then(() => write('go'));
      // Before the command has begun there is no folder yet.
      await written.then(
        () => trained.add(id),
        () => undefined,
      );
    }
  }

  const until = (
    id: string,
    caller: Caller,
    answer: Parameters<typeof train>[1],
    isDone: (sweep: Sweep) => boolean,
  ): Promise<Sweep> =>
    vi.waitUntil(
      async () => {
        await train(caller, answer);
        const sweep = await wing.sweeps.get({ id }, caller);
        return isDone(sweep) ? sweep : undefined;
      },
      { timeout: 60_000, interval: 30 },
    );

  /** Trials of x = 0, 1, 2, 3 with x as their value. */
  async function searched(caller: Caller): Promise<Sweep> {
    const { id } = await wing.sweeps.search(definition, caller);
    return until(
      id,
      caller,
      ({ parameters }) => Number(parameters.x),
      ({ state }) => state !== 'running',
    );
  }

  const isConfirmed = ({ confirmation }: Sweep) => confirmation !== null && confirmation.state !== 'running';

  test('the best are run again with other seeds and windows; the steady one is chosen, and its numbers are kept', async () => {
    const caller = await prepare('steady');
    const { id, runId } = await searched(caller);
    const asked = await wing.sweeps.confirm({ id, top: 2, seeds: 2, windows: 2 }, caller);
    expect(asked).toMatchObject({ state: 'succeeded', best: { number: 0 }, chosen: null });
    expect(asked.confirmation).toMatchObject({
      ...{ state: 'running', ended: 0, repeats: 8, chosen: null },
      definition: { top: 2, seeds: [11, 12], windows: 2, rule: { type: 'mean-std', lambda: 1 } },
    });
    // x = 0 was lucky: with other seeds it is far worse in the second window.
    const answer = ({ parameters: { x }, seed, window }: Work) =>
      x === 0 ? (window?.index ?? 0) * 10 : 1 + (seed - 11) / 10;
    const sweep = await until(id, caller, answer, isConfirmed);
    expect(sweep).toMatchObject({ state: 'succeeded', best: { number: 0 }, chosen: { number: 1 } });
    const { confirmation } = sweep;
    expect(confirmation).toMatchObject({ state: 'succeeded', ended: 8, chosen: 1, error: null });
    const [lucky, steady] = confirmation?.trials ?? [];
    expect(lucky).toMatchObject({ number: 0, n: 4, mean: 5, isChosen: false });
    expect(lucky?.repeats.map(({ seed, window, value }) => [seed, window, value])).toEqual([
      [11, 0, 0],
      [11, 1, 10],
      [12, 0, 0],
      [12, 1, 10],
    ]);
    expect(steady).toMatchObject({ number: 1, n: 4, isChosen: true });
    expect(steady?.mean).toBeCloseTo(1.05, 12);
    expect(steady?.std).toBeCloseTo(0.057735, 6);
    expect(steady?.standardError).toBeCloseTo(0.0288675, 6);
    expect(steady?.score).toBeCloseTo(1.05 + 0.057735, 6);

    const last = steady?.repeats.at(-1);
    const run = await wing.experiments.getRun({ id: last?.runId ?? '' }, caller);
    expect(run).toMatchObject({ status: 'FINISHED', parameters: { x: '1' } });
    expect(run.tags).toMatchObject({
      'mlflow.parentRunId': runId,
      'tidemill.confirms': `${id}#1`,
      'tidemill.seed': '12',
      'tidemill.window': '1/2',
    });
    const log = await textOf((await wing.jobs.logs({ id: last?.jobId ?? '' }, caller)).content);
    const end = log.lastIndexOf('}') + 1;
    expect(JSON.parse(log.slice(0, end))).toMatchObject({
      ...{ seed: 12, params: { x: 1, kind: 'a' }, window: { index: 1, count: 2 } },
    });
    expect(log.slice(end).trim()).toBe('seed=12 window=1/2 trial=');
  });

  test('a trial that fails with one seed is not chosen; the next confirmation takes the place of the first', async () => {
    const caller = await prepare('fails');
    const { id } = await searched(caller);
    const rule = { type: 'one-standard-error', simplest: { x: 'high' } } as const;
    await wing.sweeps.confirm({ id, rule }, caller);
    const answer = ({ parameters: { x }, seed }: Work) => {
      if (x === 2) return seed === 12 ? ('fail' as const) : 0;
      return x === 1 ? 5.1 : 4 + (seed - 11);
    };
    const sweep = await until(id, caller, answer, isConfirmed);
    expect(sweep.chosen?.number).toBe(1);
    expect(sweep.confirmation?.threshold).toBeCloseTo(5 + 1 / Math.sqrt(3), 9);
    expect(sweep.confirmation?.trials[2]).toMatchObject({
      ...{ number: 2, n: 2, mean: 0, score: null, isChosen: false },
      reason: expect.stringMatching(/^1 of 3 repeats gave no value; with seed 12: The command/),
    });

    await wing.sweeps.confirm({ id, top: 1 }, caller);
    const again = await until(id, caller, () => 'fail', isConfirmed);
    expect(again).toMatchObject({ state: 'succeeded', chosen: null });
    expect(again.confirmation).toMatchObject({
      ...{ state: 'failed', chosen: null, repeats: 3 },
      error: expect.stringContaining(
        'None of the 1 trials gave a value in all of its repeats; trial 0: 3 of 3',
      ),
    });
  });

  test('cancelled, its jobs end and the sweep stays as it was; more than its share is not begun', async () => {
    const caller = await prepare('cancelled');
    const { id } = await searched(caller);
    await wing.sweeps.confirm({ id }, caller);
    const running = ({ confirmation }: Sweep) =>
      confirmation?.trials.flatMap(({ repeats }) => repeats.filter(({ state }) => state === 'running')) ?? [];
    const begun = await until(
      id,
      caller,
      () => undefined,
      (sweep) => running(sweep).length > 0,
    );
    await expect(wing.sweeps.confirm({ id }, caller)).rejects.toMatchObject({ code: 'sweepNotConfirmed' });
    const two = await until(
      id,
      caller,
      () => undefined,
      (sweep) => running(sweep).length >= 2,
    );
    expect(running(two)).toHaveLength(2);
    const cancelled = await wing.sweeps.cancel({ id }, caller);
    expect(cancelled).toMatchObject({ state: 'succeeded', best: begun.best, chosen: null });
    expect(cancelled.confirmation).toMatchObject({ state: 'cancelled', ended: 9 });
    for (const { jobId } of running(two))
      expect((await wing.jobs.get({ id: jobId ?? '' }, caller)).state).toBe('cancelled');
    await expect(wing.sweeps.cancel({ id }, caller)).rejects.toMatchObject({ code: 'jobEnded' });
  });

  test('what cannot be confirmed is refused, and nothing is left', async () => {
    const caller = await prepare('refused');
    const { command: _command, ...manual } = definition;
    const asked = await wing.sweeps.search(manual, caller);
    await expect(wing.sweeps.confirm({ id: asked.id }, caller)).rejects.toThrow(
      'asked for and told from outside',
    );
    const running = await wing.sweeps.search(definition, caller);
    await expect(wing.sweeps.confirm({ id: running.id }, caller)).rejects.toThrow('it still searches');
    await wing.sweeps.cancel({ id: running.id }, caller);
    await expect(wing.sweeps.confirm({ id: running.id }, caller)).rejects.toThrow('none of them is complete');
    const { id } = await searched(caller);
    const attempts: [ConfirmationRequest, string][] = [
      [{ seeds: 1, windows: 2 }, '2 repeats of a trial say nothing'],
      [{ seeds: 100, windows: 100 }, 'more than 1000 trainings'],
      [{ rule: { type: 'one-standard-error', simplest: { kind: 'low' } } }, "'kind' cannot say"],
      [{ rule: { type: 'one-standard-error', simplest: { y: 'low' } } }, "'y' cannot say"],
    ];
    for (const [request, text] of attempts)
      await expect(wing.sweeps.confirm({ id, ...request }, caller)).rejects.toThrow(text);
    await expect(wing.sweeps.confirm({ id: 'sweep_0' }, caller)).rejects.toMatchObject({
      code: 'sweepNotFound',
    });
    expect((await wing.sweeps.get({ id }, caller)).confirmation).toBeNull();
  });
});
