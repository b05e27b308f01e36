import { writeFile } from 'node:fs/promises';
import type { SearchDefinition, Sweep } from '@tidemill/contract';
import { afterEach, expect, test, vi } from 'vitest';
import type { Caller } from '../../../base/caller.ts';
import { callerIn, textOf } from '../../../testing/data-wing.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';
import { createTrainingWing, type TrainingWing } from '../../../testing/training-wing.ts';

import { searchStore } from './store.ts';
import { createSearchTrials } from './trials.ts';

/** In the words of a command. */
const stands = (name: string): string => `$\{${name}}`;

const definition: SearchDefinition = {
  experiment: 'search',
  space: {
    x: { type: 'float', low: -5, high: 5 },
    kind: { type: 'categorical', choices: ['a', 'b'] },
    depth: { type: 'int', low: 1, high: 4, if: { kind: 'b' } },
  },
  goals: [{ metric: 'loss', direction: 'minimize' }],
  budget: { trials: 12 },
  seed: 7,
};

describeEachDatabase('searches over a space', (open) => {
  let wing: TrainingWing;
  afterEach(() => wing.close());

  async function prepare(workspace: string): Promise<Caller> {
    wing = await createTrainingWing(await open());
    return callerIn(workspace);
  }

  const lossOf = (parameters: Sweep['trials'][number]['parameters']) =>
    (Number(parameters.x) - 1) ** 2 + (parameters.kind === 'b' ? 0 : 1);

  const askFor = async (id: string, caller: Caller) => {
    const { trial } = await wing.sweeps.ask({ id }, caller);
    if (!trial) throw new Error('no trial');
    return trial;
  };

  async function play(id: string, caller: Caller): Promise<Sweep> {
    for (;;) {
      const { trial } = await wing.sweeps.ask({ id }, caller);
      if (!trial) return wing.sweeps.get({ id }, caller);
      const { number, lease } = trial;
      await wing.sweeps.tell({ id, number, value: lossOf(trial.parameters), lease }, caller);
    }
  }

  const isOver = ({ state }: Sweep) => ['succeeded', 'failed', 'cancelled'].includes(state);
  const ended = (id: string, caller: Caller) =>
    vi.waitUntil(
      async () => {
        const found = await wing.sweeps.get({ id }, caller);
        return isOver(found) ? found : undefined;
      },
      { timeout: 60_000, interval: 50 },
    );

  test('a trial logs its parameters in its own spelling; told, its run has the rest', async () => {
    const caller = await prepare('spelling');
    const { id } = await wing.sweeps.search(definition, caller);
    const { number, runId, lease, parameters } = await askFor(id, caller);
    await wing.experiments.logBatch({ id: runId, parameters: { x: `${parameters.x}00` } }, caller);
    await wing.sweeps.tell({ id, number, value: 1, lease }, caller);
    const run = await wing.experiments.getRun({ id: runId }, caller);
    expect(run.parameters).toMatchObject({ x: `${parameters.x}00`, kind: parameters.kind });
  });

  test('asked and told until the budget is spent; each trial is a run, and the same seed asks the same', async () => {
    const caller = await prepare('asked');
    const { id, runId } = await wing.sweeps.search(definition, caller);
    const sweep = await play(id, caller);
    expect(sweep).toMatchObject({ kind: 'space', state: 'succeeded', error: null, front: [] });
    expect(sweep.trials.map(({ number, state }) => [number, state])).toEqual(
      Array.from({ length: 12 }, (_, number) => [number, 'complete']),
    );
    const least = Math.min(...sweep.trials.map(({ value }) => value ?? Number.NaN));
    expect(sweep.best?.value).toBe(least);
    for (const { parameters } of sweep.trials) expect('depth' in parameters).toBe(parameters.kind === 'b');
    const best = await wing.experiments.getRun({ id: sweep.best?.runId ?? '' }, caller);
    expect(best).toMatchObject({ status: 'FINISHED', metrics: { loss: least }, parameters: { kind: 'b' } });
    expect(best.tags['mlflow.parentRunId']).toBe(runId);
    const parent = await wing.experiments.getRun({ id: runId ?? '' }, caller);
    expect(parent).toMatchObject({ status: 'FINISHED', metrics: { loss: least } });

    const { items: shares } = await wing.sweeps.importance({ id }, caller);
    expect(shares.map(({ parameter }) => parameter).sort()).toEqual(['depth', 'kind', 'x']);
    expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);

    const again = await wing.sweeps.search(definition, caller);
    const points = ({ trials }: Sweep) => trials.map(({ parameters }) => parameters);
    expect(points(await play(again.id, caller))).toEqual(points(sweep));
    const { items } = await wing.sweeps.list({}, caller);
    expect(items.map((item) => item.id)).toEqual([again.id, id]);
    const count = sweep.trials.length;
    expect(items[1]).toMatchObject({ trials: count, states: { complete: count }, best: sweep.best });
    expect(items[1]).not.toHaveProperty('front');
  });

  test('ends at the last tell, also when it is said twice or the grid is through; not while one is at work', async () => {
    const caller = await prepare('last-tell');
    const stateOf = async (id: string) => (await wing.sweeps.get({ id }, caller)).state;
    const { id } = await wing.sweeps.search({ ...definition, budget: { trials: 2 } }, caller);
    const [first, second] = [await askFor(id, caller), await askFor(id, caller)];
    const tell = ({ number, lease }: typeof first) =>
      wing.sweeps.tell({ id, number, value: 1, lease }, caller);
    await tell(second);
    expect(await stateOf(id)).toBe('running');
    await tell(first);
    expect(await wing.sweeps.get({ id }, caller)).toMatchObject({
      ...{ state: 'succeeded', finishedAt: expect.any(Number), best: { number: 0, value: 1 } },
    });
    expect(await tell(first)).toMatchObject({ state: 'complete' });

    const space: SearchDefinition['space'] = { kind: { type: 'categorical', choices: ['a', 'b'] } };
    const grid = await wing.sweeps.search(
      { ...definition, space, sampler: 'grid', budget: { trials: 9 } },
      caller,
    );
    for (const state of ['running', 'failed']) {
      const { number } = await askFor(grid.id, caller);
      await wing.sweeps.tell({ id: grid.id, number, state: 'failed', error: 'no' }, caller);
      expect(await stateOf(grid.id)).toBe(state);
    }

    const stopped = await wing.sweeps.search({ ...definition, budget: { trials: 1 } }, caller);
    const only = await askFor(stopped.id, caller);
    await wing.sweeps.stop({ id: stopped.id }, caller);
    await wing.sweeps.tell({ id: stopped.id, number: only.number, value: 1 }, caller);
    expect(await stateOf(stopped.id)).toBe('stopped');
  });

  test('a server that dies between the last tell and the end leaves the end to the next one', async () => {
    const caller = await prepare('dies-at-the-end');
    const { db, clock, experiments, tasks } = wing;
    const { id } = await wing.sweeps.search({ ...definition, budget: { trials: 2 } }, caller);
    const search = await searchStore(db).find(caller.workspace, id);
    if (!search) throw new Error('no search');
    const left: number[] = [];
    // All that the service does, but for what comes after the transaction of the tell.
    const dying = createSearchTrials({
      ...{ db, clock, experiments },
      async onLast(tx, { workspace, actor }) {
        left.push(number);
        const task = { kind: 'sweep.end', workspace, subject: `sweep:${id}`, payload: { sweep: id }, actor };
        await tasks.enqueue(tx, task);
      },
    });
    let number = 0;
    for (; number < 2; number++) {
      const { lease } = await askFor(id, caller);
      await dying.tell(search, number, { state: 'complete', values: [number] }, lease);
      // Said again, it was the last one already.
      await dying.tell(search, number, { state: 'complete', values: [number] }, lease);
    }
    expect(left).toEqual([1]);
    expect(await ended(id, caller)).toMatchObject({ state: 'succeeded', best: { number: 0, value: 0 } });
  });

  test('who looks again is told what changed, by pages; a reader that adds it up has all of it', async () => {
    const caller = await prepare('changes');
    const goals: SearchDefinition['goals'] = [
      { metric: 'loss', direction: 'minimize' },
      { metric: 'size', direction: 'maximize' },
    ];
    const { id } = await wing.sweeps.search({ ...definition, goals }, caller);
    const known = new Map<number, Sweep['trials'][number]>();
    let since: string | undefined;
    const look = async (limit = 3) => {
      for (let pages = 1; ; pages++) {
        const { trials, cursor, hasMore, isWhole, sweep } = await wing.sweeps.changes(
          { id, since, limit },
          caller,
        );
        if (isWhole) known.clear();
        for (const trial of trials) known.set(trial.number, trial);
        since = cursor;
        expect(trials.length).toBeLessThanOrEqual(limit);
        if (!hasMore) return { pages, sweep, last: trials };
      }
    };
    expect(await look()).toMatchObject({ pages: 1, last: [] });
    const trials = [];
    for (let i = 0; i < 8; i++) trials.push(await askFor(id, caller));
    const whole = async () => {
      const { trials: all, ...sweep } = await wing.sweeps.get({ id }, caller);
      return { all, sweep };
    };
    expect((await look()).pages).toBe(3);
    for (const [i, { number, lease }] of trials.slice(2, 6).entries())
      await wing.sweeps.tell({ id, number, values: [i % 3, i], lease }, caller);
    await wing.sweeps.report({ id, number: 0, step: 3, value: 1 }, caller);
    const second = await look(50);
    expect(second.last.map(({ number }) => number).sort()).toEqual([0, 2, 3, 4, 5]);
    expect(second.sweep).toEqual((await whole()).sweep);
    expect(second.sweep.front.length).toBeGreaterThan(0);
    expect([...known.values()].toSorted((a, b) => a.number - b.number)).toEqual((await whole()).all);
    expect((await look()).last).toEqual([]);
    // A warm start takes several over in one change.
    const warm = await wing.sweeps.search({ ...definition, goals, warmStart: id }, caller);
    const first = await wing.sweeps.changes({ id: warm.id, limit: 3 }, caller);
    const rest = await wing.sweeps.changes({ id: warm.id, limit: 3, since: first.cursor }, caller);
    expect([first.hasMore, rest.hasMore]).toEqual([true, false]);
    expect([...first.trials, ...rest.trials].map(({ number }) => number)).toEqual([0, 1, 2, 3]);
    await expect(wing.sweeps.changes({ id, since: 'x' }, caller)).rejects.toMatchObject({
      code: 'pageCursorInvalid',
    });
    const beyond = Buffer.from('[1000000,0]').toString('base64url');
    expect(await wing.sweeps.changes({ id, since: beyond }, caller)).toMatchObject({ isWhole: true });
  });

  test('a larger budget goes on where it ended; another sweep begins with what this one knows', async () => {
    const caller = await prepare('extended');
    const { id } = await wing.sweeps.search({ ...definition, budget: { trials: 5 } }, caller);
    const first = await play(id, caller);
    await expect(wing.sweeps.ask({ id }, caller)).resolves.toEqual({ trial: null, state: 'succeeded' });
    await wing.sweeps.resume({ id, budget: { trials: 8 } }, caller);
    const second = await play(id, caller);
    expect(second.trials).toHaveLength(8);
    expect(second.trials.slice(0, 5)).toEqual(first.trials);
    const warm = await wing.sweeps.search({ ...definition, warmStart: id, budget: { trials: 3 } }, caller);
    expect(warm.trials.map(({ source }) => source)).toEqual(
      Array.from({ length: 8 }, (_, number) => `sweep:${id}#${number}`),
    );
    expect((await play(warm.id, caller)).trials).toHaveLength(11);
    const other = { ...definition, goals: [{ metric: 'loss', direction: 'maximize' as const }] };
    await expect(wing.sweeps.search({ ...other, warmStart: id }, caller)).rejects.toMatchObject({
      code: 'sweepInvalid',
    });
  });

  test('a trial belongs to one of two workers, and ends once', async () => {
    const caller = await prepare('leases');
    const { id } = await wing.sweeps.search({ ...definition, leaseSeconds: 3 }, caller);
    const lost = await askFor(id, caller);
    const kept = await askFor(id, caller);
    expect([lost.number, kept.number]).toEqual([0, 1]);
    const tell = (trial: { number: number; lease: string }, value: number) =>
      wing.sweeps.tell({ id, number: trial.number, value, lease: trial.lease }, caller);
    const told = await tell(kept, 3);
    expect(await tell(kept, 3)).toEqual(told);
    await expect(tell(kept, 4)).rejects.toMatchObject({ code: 'trialEnded' });

    // Nothing is heard of the first one: the next to ask gets it, with its parameters and its run.
    const taken = await vi.waitUntil(
      async () => {
        const { trial } = await wing.sweeps.ask({ id }, caller);
        return trial?.number === 0 ? trial : undefined;
      },
      { timeout: 20_000, interval: 300 },
    );
    expect(taken).toMatchObject({ parameters: lost.parameters, runId: lost.runId });
    await expect(tell(lost, 9)).rejects.toMatchObject({ code: 'trialLeaseLost' });
    const report = { id, number: 0, step: 0, value: 1 };
    await expect(wing.sweeps.report({ ...report, lease: lost.lease }, caller)).rejects.toMatchObject({
      code: 'trialLeaseLost',
    });
    expect(await tell(taken, 2)).toMatchObject({ state: 'complete', value: 2 });
  });

  test('two at once get different trials', async () => {
    const caller = await prepare('at-once');
    const { id } = await wing.sweeps.search(definition, caller);
    const asked = await Promise.all(Array.from({ length: 12 }, () => wing.sweeps.ask({ id }, caller)));
    expect(asked.map(({ trial }) => trial?.number).sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 12 }, (_, number) => number),
    );
    // All are at work: nothing to do, and not the end.
    expect(await wing.sweeps.ask({ id }, caller)).toEqual({ trial: null, state: 'running' });
  });

  test('what promises little is told to stop; what is no number has failed', async () => {
    const caller = await prepare('pruned');
    const pruner = { type: 'median', startupTrials: 2, warmupSteps: 0 } as const;
    const { id } = await wing.sweeps.search({ ...definition, pruner }, caller);
    const run = async (offset: number) => {
      const { number, lease } = await askFor(id, caller);
      for (let step = 0; step < 5; step++) {
        const { stop } = await wing.sweeps.report(
          { id, number, step, value: offset + 1 / (step + 1), lease },
          caller,
        );
        if (stop) return wing.sweeps.tell({ id, number, state: 'pruned', lease }, caller);
      }
      return wing.sweeps.tell({ id, number, value: offset, lease }, caller);
    };
    expect([await run(0), await run(1)].map(({ state }) => state)).toEqual(['complete', 'complete']);
    expect(await run(50)).toMatchObject({ state: 'pruned', lastStep: 0, value: 51, values: null });
    const { number } = await askFor(id, caller);
    expect(await wing.sweeps.tell({ id, number, value: null }, caller)).toMatchObject({
      state: 'failed',
      error: 'its loss is not a number',
    });
    const next = await askFor(id, caller);
    const tell = wing.sweeps.tell({ id, number: next.number, values: [1, 2] }, caller);
    await expect(tell).rejects.toMatchObject({ code: 'trialValuesInvalid' });
    await expect(wing.sweeps.tell({ id, number: 99, value: 1 }, caller)).rejects.toMatchObject({
      code: 'trialNotFound',
    });
  });

  test('several goals have a front', async () => {
    const caller = await prepare('front');
    const goals = [
      { metric: 'loss', direction: 'minimize' as const },
      { metric: 'speed', direction: 'maximize' as const },
    ];
    const { id } = await wing.sweeps.search({ ...definition, goals, budget: { trials: 4 } }, caller);
    for (const values of [
      [1, 1],
      [2, 2],
      [3, 1],
      [0, 0],
    ]) {
      const { number } = await askFor(id, caller);
      await wing.sweeps.tell({ id, number, values }, caller);
    }
    expect((await wing.sweeps.get({ id }, caller)).front.sort()).toEqual([0, 1, 3]);
  });

  test('a command gets its point in its words; without its metric, or with an error, the trial has failed', async () => {
    const caller = await prepare('command');
    const script = 'echo "$1 $TIDEMILL_TRIAL"; test "$2" != bad';
    const { id } = await wing.sweeps.search(
      {
        ...definition,
        space: { x: { type: 'categorical', choices: ['1', '2', 'bad'] } },
        sampler: 'grid',
        budget: { trials: 10 },
        command: { command: ['sh', '-c', script, 'sh', stands('args'), stands('x')] },
      },
      caller,
    );
    const sweep = await ended(id, caller);
    expect(sweep.state).toBe('failed');
    expect(sweep.trials.map(({ state, error }) => [state, error?.slice(0, 44)])).toEqual([
      ['failed', "its run ended without a metric 'loss'; it lo"],
      ['failed', "its run ended without a metric 'loss'; it lo"],
      ['failed', expect.stringContaining('The command')],
    ]);
    const [trial] = sweep.trials;
    const job = await wing.jobs.get({ id: trial?.jobId ?? '' }, caller);
    expect(job).toMatchObject({ state: 'succeeded', spec: { parameters: { x: '1' } }, runId: trial?.runId });
    const text = await textOf((await wing.jobs.logs({ id: job.id }, caller)).content);
    expect(text).toBe('--x=1 0\n');
  });

  test('jobs that log their metric are told by it, stopped by the pruner, given back and resumed', async () => {
    const caller = await prepare('driven');
    const { id } = await wing.sweeps.search(
      {
        ...definition,
        space: { x: { type: 'int', low: 0, high: 3 } },
        sampler: 'grid',
        parallel: 1,
        pruner: { type: 'median', startupTrials: 1 },
        command: { command: ['sh', '-c', 'echo $$ > pid; while [ ! -e outputs/go ]; do sleep 0.05; done'] },
      },
      caller,
    );
    const running = (number: number) =>
      vi.waitUntil(
        async () => {
          const trial = (await wing.sweeps.get({ id }, caller)).trials[number];
          if (trial?.state !== 'running' || !trial.jobId) return undefined;
          const job = await wing.jobs.get({ id: trial.jobId }, caller);
          return job.state === 'running' ? trial : undefined;
        },
        { timeout: 20_000, interval: 50 },
      );
    const log = (runId: string, step: number, value: number) =>
      wing.experiments.logBatch({ id: runId, metrics: [{ key: 'loss', value, step }] }, caller);
    const go = async (jobId: string | null) => {
      await vi.waitUntil(
        () =>
          writeFile(`${wing.folder}/jobs/${jobId}/outputs/go`, '').then(
            () => true,
            () => false,
          ),
        { timeout: 20_000 },
      );
    };

    const first = await running(0);
    await log(first.runId, 0, 1);
    await go(first.jobId);
    const second = await running(1);
    await log(second.runId, 0, 7);
    // The pruner's word: its job is ended.
    const third = await running(2);
    const after = await wing.sweeps.get({ id }, caller);
    expect(after.trials.slice(0, 2)).toMatchObject([
      { state: 'complete', value: 1 },
      { state: 'pruned', value: 7, lastStep: 0 },
    ]);
    expect(await wing.jobs.get({ id: second.jobId ?? '' }, caller)).toMatchObject({ state: 'cancelled' });

    const stopped = await wing.sweeps.stop({ id, giveBack: true }, caller);
    expect(stopped.state).toBe('stopped');
    await vi.waitUntil(async () => (await wing.sweeps.get({ id }, caller)).trials[2]?.state === 'waiting', {
      timeout: 20_000,
    });
    await wing.sweeps.resume({ id }, caller);
    const again = await running(2);
    expect([again.jobId === third.jobId, again.parameters]).toEqual([false, third.parameters]);
    await log(again.runId, 0, 0.5);
    await go(again.jobId);
    const last = await running(3);
    // Tried again by hand it is no trial any more: it must not be told to stop by a sweep that has its end.
    const retried = await wing.jobs.retry({ id: second.jobId ?? '' }, caller);
    expect(retried.spec.environment).toEqual({});
    await wing.jobs.cancel({ id: retried.id }, caller);
    const cancelled = await wing.sweeps.cancel({ id }, caller);
    expect(cancelled).toMatchObject({ state: 'cancelled', best: { number: 2, value: 0.5 } });
    await vi.waitUntil(
      async () => (await wing.jobs.get({ id: last.jobId ?? '' }, caller)).state === 'cancelled',
      { timeout: 20_000 },
    );
  });

  test('a command that always fails does not use up the budget; resumed, it may begin as many again', async () => {
    const caller = await prepare('hopeless');
    const command = { command: ['sh', '-c', 'echo no data >&2; exit 3'], resources: { cpu: 0.5 } };
    const budget = { trials: 50 };
    const { id } = await wing.sweeps.search({ ...definition, budget, parallel: 4, command }, caller);
    const sweep = await ended(id, caller);
    expect(sweep.state).toBe('failed');
    expect(sweep.error).toMatch(
      /\(the first \d+ all failed, so no more were begun\) and none of its \d+ trials gave a value; the first one: .*no data/,
    );
    expect(sweep.trials.length).toBeLessThan(14);
    await wing.sweeps.resume({ id }, caller);
    const resumed = await ended(id, caller);
    expect(resumed.trials.length).toBeGreaterThanOrEqual(sweep.trials.length + 10);
    expect(resumed.trials.length).toBeLessThan(28);
  });

  test('what cannot be searched is refused, and nothing is left', async () => {
    const caller = await prepare('refused');
    const attempts: [Partial<SearchDefinition>, string][] = [
      [{ space: {} }, 'searchSpaceInvalid'],
      [{ space: { x: { type: 'float', low: 2, high: 1 } } }, 'searchSpaceInvalid'],
      [{ budget: {} }, 'sweepInvalid'],
      [{ command: { command: ['train', stands('nothing')] } }, 'sweepInvalid'],
      [{ command: { command: ['train', `x${stands('args')}`] } }, 'sweepInvalid'],
      [{ command: { command: ['train', stands('args')] } }, 'permissionDenied'],
      [{ warmStart: 'sweep_0' }, 'sweepNotFound'],
    ];
    for (const [change, code] of attempts)
      await expect(
        wing.sweeps.search({ ...definition, ...change }, { ...caller, role: 'editor' }),
      ).rejects.toMatchObject({ code });
    expect((await wing.sweeps.list({}, caller)).items).toEqual([]);
  });
});
