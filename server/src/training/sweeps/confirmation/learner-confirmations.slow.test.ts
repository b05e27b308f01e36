import type { ConfirmationRequest, Sweep, SweepDefinition } from '@tidemill/contract';
import { afterEach, expect, test } from 'vitest';
import type { Compute } from '../../../adapters/executor/executor.ts';
import type { Caller } from '../../../base/caller.ts';
import { callerIn } from '../../../testing/data-wing.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';
import {
  buildTrainingCsv,
  commitCsv,
  createTrainingWing,
  isEnded,
  type TrainingWing,
  until,
} from '../../../testing/training-wing.ts';

const definition: SweepDefinition = {
  experiment: 'search',
  trainingSet: 'training@1',
  features: ['f0', 'f1', 'f2'],
  target: 'y',
  timeColumn: 'day',
  learners: ['ridge', 'trees'],
  trials: 4,
  seed: 3,
  register: 'forecaster',
};
const isConfirmed = ({ confirmation }: Sweep) => confirmation !== null && confirmation.state !== 'running';

describeEachDatabase('confirming the best of our learners', (open) => {
  let wing: TrainingWing;
  let seed = 700;
  afterEach(() => wing.close());

  async function prepare(workspace: string, compute?: (real: Compute) => Compute): Promise<Caller> {
    wing = await createTrainingWing(await open(), compute ? { compute } : {});
    const caller = callerIn(workspace);
    await commitCsv(wing, 'training', buildTrainingCsv(90, 3, ++seed), caller);
    return caller;
  }
  const run = async (change: Partial<SweepDefinition>, caller: Caller): Promise<Sweep> => {
    const { id } = await wing.sweeps.create({ ...definition, ...change }, caller);
    return until(wing.sweeps, id, caller, isEnded);
  };
  const eventsOf = async (kind: string, { id }: Sweep) =>
    (await wing.events.listAfter(0, 10_000)).filter(
      (event) => event.kind === kind && event.payload.id === id,
    );
  const recipeOf = async (runId: string, caller: Caller) =>
    (await wing.experiments.getRun({ id: runId }, caller)).parameters.learner;

  test('as part of the search: the one that the rule chooses is fitted and told', async () => {
    let calls = 0;
    // The fifth call is among the repeats: its thread dies, and what has ended is not done again.
    const dyingOnce = (real: Compute): Compute => ({
      ...real,
      compute: (task, options) => {
        calls += 1;
        return calls === 6 ? Promise.reject(new Error('the thread died')) : real.compute(task, options);
      },
    });
    const caller = await prepare('within', dyingOnce);
    const sweep = await run({ confirm: { top: 2 } }, caller);
    expect(sweep).toMatchObject({ state: 'succeeded', error: null });
    const { confirmation, chosen } = sweep;
    expect(confirmation).toMatchObject({
      ...{ state: 'succeeded', ended: 18, repeats: 18, chosen: chosen?.number },
      definition: { top: 2, seeds: [4, 5, 6], windows: 3, rule: { type: 'mean-std', lambda: 1 } },
    });
    const [first, second] = confirmation?.trials ?? [];
    expect(first?.number).toBe(sweep.best?.number);
    const least = Math.min(first?.score ?? Number.NaN, second?.score ?? Number.NaN);
    expect(confirmation?.trials.find(({ isChosen }) => isChosen)?.score).toBe(least);
    for (const { repeats, n, std } of confirmation?.trials ?? []) {
      expect([repeats.length, n]).toEqual([9, 9]);
      expect(std).toBeGreaterThan(0);
    }
    expect(await recipeOf(sweep.runId ?? '', caller)).toBe(chosen?.learner);
    const [finished] = await eventsOf('sweep.finished', sweep);
    expect(finished?.payload).toMatchObject({ best: { number: chosen?.number }, register: 'forecaster' });
    expect((await eventsOf('sweep.confirmed', sweep)).map(({ payload }) => payload)).toMatchObject([
      { state: 'succeeded', chosen: chosen?.number, register: null },
    ]);
    expect(await wing.sweeps.findModel({ id: sweep.id }, caller)).toMatchObject({
      trial: chosen?.number,
      runId: sweep.runId,
      reason: expect.stringContaining('run again 9 times each: its mean + 1·std is the least'),
    });
    // Four trials, a group per trial and seed, the one that was repeated, the refit.
    expect(calls).toBe(4 + 6 + 1 + 1);
    const { items } = await wing.experiments.metricHistory(
      { id: chosen?.runId ?? '', key: 'confirmed_mae' },
      caller,
    );
    expect(items).toHaveLength(9);
  });

  test('afterwards: where the rule chooses another one, its run gets a model of its own', async () => {
    const caller = await prepare('after');
    const sweep = await run({}, caller);
    expect(sweep).toMatchObject({ chosen: null, confirmation: null });
    const other = sweep.trials.find(({ learner }) => learner !== sweep.best?.learner);
    // The simplest is whatever has the other learner's parameter.
    const name = other?.learner === 'trees' ? 'trees' : 'lambda';
    const confirm = async (request: ConfirmationRequest) => {
      await wing.sweeps.confirm({ id: sweep.id, ...request }, caller);
      return until(wing.sweeps, sweep.id, caller, isConfirmed);
    };
    const simplest = { [name]: 'low' } as const;
    const rule = { type: 'one-standard-error', simplest } as const;
    const confirmed = await confirm({ top: 4, seeds: 1, windows: 3, rule });
    expect(confirmed).toMatchObject({
      state: 'succeeded',
      confirmation: { state: 'succeeded', repeats: 12 },
    });
    expect(confirmed.best).toEqual(sweep.best);
    const { chosen } = confirmed;
    const found = await wing.sweeps.findModel({ id: sweep.id }, caller);
    const isSame = chosen?.number === sweep.best?.number;
    expect(found).toMatchObject({ trial: chosen?.number, runId: isSame ? sweep.runId : chosen?.runId });
    expect(await recipeOf(found.runId, caller)).toBe(chosen?.learner);
    expect(await wing.experiments.artifactPaths(found.runId, 'model', caller.workspace)).toContain(
      'model/MLmodel',
    );
    const [told] = await eventsOf('sweep.confirmed', sweep);
    expect(told?.payload).toMatchObject({ chosen: chosen?.number, register: 'forecaster' });
    await expect(confirm({ seeds: 2, windows: 1 })).rejects.toMatchObject({ code: 'confirmationInvalid' });
    const few = await confirm({ windows: 100, seeds: 1, top: 1 });
    expect(few.confirmation).toMatchObject({ state: 'failed', chosen: null });
    expect(few).toMatchObject({ chosen: null, state: 'succeeded' });
  });

  test('what cannot be said is refused at once; cancelled in the middle, both end', async () => {
    const caller = await prepare('refused');
    const refused = (confirm: ConfirmationRequest) =>
      expect(wing.sweeps.create({ ...definition, confirm }, caller)).rejects.toMatchObject({
        code: 'confirmationInvalid',
      });
    await refused({ seeds: 1, windows: 2 });
    await refused({ rule: { type: 'one-standard-error', simplest: { depht: 'low' } } });
    const long = { ...definition, trials: 2, learners: ['trees'] as 'trees'[], confirm: { seeds: 60 } };
    const { id } = await wing.sweeps.create(long, caller);
    await until(wing.sweeps, id, caller, ({ confirmation }) => (confirmation?.ended ?? 0) > 0);
    await expect(wing.sweeps.confirm({ id }, caller)).rejects.toMatchObject({ code: 'sweepNotConfirmed' });
    const cancelled = await wing.sweeps.cancel({ id }, caller);
    expect(cancelled).toMatchObject({
      state: 'cancelled',
      chosen: null,
      confirmation: { state: 'cancelled' },
    });
    await expect(wing.sweeps.findModel({ id }, caller)).rejects.toMatchObject({ code: 'sweepNotRegistered' });
  });
});
