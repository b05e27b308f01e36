/** What happens to the trials of a search: begun, reported, ended, given back. Each change is one transaction. */
import type { AskedTrial, Trial } from '@tidemill/contract';
import { type Db, transact } from '../../../adapters/db/db.ts';
import type { Caller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { errors } from '../../../base/errors.ts';
import { newId, newRunId } from '../../../base/ids.ts';
import { maskTokens } from '../../../base/token-mask.ts';
import { createTurns } from '../../../base/turns.ts';
import type { Experiments } from '../../experiments/service.ts';
import { createMinds, type Mind } from './minds.ts';
import { isOver, mostLost, type SearchRecord, spentBudget, type TrialRecord, toTrial } from './rules.ts';
import { searchStore } from './store.ts';

export interface SearchTrialsDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly experiments: Pick<Experiments, 'openRun' | 'setRunStatus' | 'logRest'>;
  /** A trial was told with which the search seems to be over; in the transaction of its end. */
  onLast(tx: Db, search: SearchRecord): Promise<void>;
}

export interface TrialEnd {
  readonly state: 'complete' | 'pruned' | 'failed';
  /** One per goal; null or absent unless complete. */
  readonly values?: readonly (number | null)[] | undefined;
  readonly cost?: number | undefined;
  readonly error?: string | undefined;
}

export type NextTrial =
  | { readonly trial: TrialRecord }
  /** None now: `busy` while others are at work, otherwise why there will be none. */
  | { readonly trial: null; readonly why: 'busy' | string };

/** Prepares a trial that has just been chosen; what that gives writes it, with whatever makes it run, in the one transaction. */
export type Begin = (trial: TrialRecord) => Promise<(tx: Db) => Promise<TrialRecord>>;

type Store = ReturnType<typeof searchStore>;

const everyPointTried = 'every point of the space was tried';

export function createSearchTrials({ db, clock, experiments, onLast }: SearchTrialsDependencies) {
  const minds = createMinds(db);
  const inTurn = createTurns();

  /** The sweep as it is now: who holds an older one would begin trials after its end. */
  async function getNow({ id, workspace }: SearchRecord): Promise<SearchRecord> {
    const found = await searchStore(db).find(workspace, id);
    if (!found) throw errors.sweepNotFound({ id });
    return found;
  }

  /** Whoever else changes the search waits meanwhile; what is read inside is how it is. */
  async function change<T>(
    search: SearchRecord,
    work: (tx: Db, store: Store, revision: number) => Promise<T>,
  ): Promise<T> {
    return transact(db, async (tx) => {
      const store = searchStore(tx);
      const { revision } = await store.advance(search.id);
      return work(tx, store, revision);
    });
  }

  const callerOf = ({ actor, workspace }: SearchRecord): Caller => ({ actor, role: 'editor', workspace });

  /** Trials nobody was heard of in time are to be begun again, unless that happened too often. */
  async function takeBack(search: SearchRecord, mind: Mind): Promise<boolean> {
    const now = clock.now();
    const late = [...mind.trials.values()].filter(
      ({ state, leaseUntil }) => state === 'running' && leaseUntil !== null && leaseUntil < now,
    );
    for (const { number } of late) await giveBack(search, number, true);
    return late.length > 0;
  }

  async function giveBack(search: SearchRecord, number: number, isLost: boolean): Promise<void> {
    await change(search, async (tx, store, revision) => {
      const trial = await store.findTrial(search.id, number);
      if (trial?.state !== 'running') return;
      if (isLost && trial.lost + 1 >= mostLost) {
        const error = `whoever took it was not heard of again, ${mostLost} times`;
        await store.updateTrial(
          search.id,
          number,
          {
            state: 'failed',
            error,
            lost: trial.lost + 1,
            lease: null,
            leaseUntil: null,
            endedAt: clock.now(),
          },
          revision,
        );
        await experiments.setRunStatus(tx, trial.runId, 'FAILED', search.workspace);
        return;
      }
      await store.updateTrial(
        search.id,
        number,
        { state: 'waiting', jobId: null, leaseUntil: null, lost: trial.lost + Number(isLost) },
        revision,
      );
      if (trial.jobId === null)
        await experiments.setRunStatus(tx, trial.runId, 'SCHEDULED', search.workspace);
    });
  }

  const newTrial = (number: number): TrialRecord => ({
    ...{ number, state: 'running', learner: null, parameters: {}, runId: newRunId(), jobId: null },
    ...{ value: null, values: null, lastStep: null, lastValue: null, source: null, cost: null, error: null },
    ...{ startedAt: clock.now(), endedAt: null, generation: 0, lease: null, leaseUntil: null },
    ...{ lost: 0, revision: 0 },
  });

  /** The next trial, written by `begin`: one that was given back, else a new one. */
  const next = (given: SearchRecord, begin: Begin): Promise<NextTrial> =>
    inTurn(given.id, async () => {
      for (;;) {
        const found = await tryNext(await getNow(given), begin);
        if (found) return found;
      }
    });

  /** Null when the search was changed meanwhile, by way of another server: what was chosen may be wrong. */
  async function tryNext(search: SearchRecord, begin: Begin): Promise<NextTrial | null> {
    if (search.status !== 'running') return { trial: null, why: `it is ${search.status}` };
    let mind = await minds.of(search);
    if (await takeBack(search, mind)) mind = await minds.of(search);
    const { seen } = mind;
    const trials = [...mind.trials.values()];
    const waiting = trials.find(({ state }) => state === 'waiting');
    const spent = spentBudget(search, trials, clock.now());
    const asked = waiting || spent !== null ? null : mind.sampler.ask(trials.length);
    if (!waiting && !asked) {
      if (trials.some((trial) => !isOver(trial))) return { trial: null, why: 'busy' };
      return { trial: null, why: spent ?? everyPointTried };
    }
    const trial: TrialRecord = waiting
      ? { ...waiting, state: 'running', error: null }
      : {
          ...newTrial(trials.length),
          parameters: { ...asked?.parameters },
          generation: asked?.generation ?? 0,
        };
    const write = await begin(trial);
    return change(search, async (tx, store, revision) => {
      if (revision !== seen + 1) return null;
      const begun = { ...(await write(tx)), revision };
      if (waiting) await store.updateTrial(search.id, trial.number, begun, revision);
      else await store.insertTrials(search.id, [begun]);
      return { trial: begun };
    });
  }

  /** Of a trial that is asked for from outside. */
  const beginRun =
    (search: SearchRecord): Begin =>
    async (trial) =>
    async (tx) => {
      const { id: sweepId, workspace, experimentId, runId: parent, definition } = search;
      if (trial.lost === 0 && trial.lease === null) {
        const tags = [
          { key: 'mlflow.parentRunId', value: parent },
          { key: 'tidemill.sweep', value: `${sweepId}#${trial.number}` },
        ];
        const run = { id: trial.runId, experimentId, name: `trial-${trial.number}`, tags };
        await experiments.openRun(tx, { ...run, status: 'RUNNING' }, callerOf(search));
      } else await experiments.setRunStatus(tx, trial.runId, 'RUNNING', workspace);
      const leaseUntil = clock.now() + definition.leaseSeconds * 1000;
      return { ...trial, lease: newId('lease'), leaseUntil };
    };

  /** Why no trial will be begun any more, those at work aside; null while there may be one. */
  function whyNoMore(search: SearchRecord, mind: Mind, all: readonly TrialRecord[]): string | null {
    const spent = spentBudget(search, all, clock.now());
    // Only a grid can be asked without being changed by it.
    const isTried = search.definition.sampler === 'grid' && mind.sampler.ask(all.length) === null;
    return spent ?? (isTried ? everyPointTried : null);
  }

  async function getTrial(
    { id }: SearchRecord,
    number: number,
    store: Store = searchStore(db),
  ): Promise<TrialRecord> {
    const trial = await store.findTrial(id, number);
    if (!trial) throw errors.trialNotFound({ sweep: id, number });
    return trial;
  }

  function assertLease({ id }: SearchRecord, trial: TrialRecord, lease: string | undefined): void {
    if (lease !== undefined && lease !== trial.lease)
      throw errors.trialLeaseLost({ sweep: id, number: trial.number });
  }

  return {
    minds,
    next,
    getTrial,
    giveBack: (search: SearchRecord, number: number) =>
      inTurn(search.id, () => giveBack(search, number, false)),
    state: (search: SearchRecord) => inTurn(search.id, () => minds.of(search)),

    /** Why no trial will be begun any more, once none is at work; null while there may be one. */
    findEnd: (search: SearchRecord): Promise<string | null> =>
      inTurn(search.id, async () => {
        const mind = await minds.of(search);
        const all = [...mind.trials.values()];
        return all.every(isOver) ? whyNoMore(search, mind, all) : null;
      }),

    async ask(search: SearchRecord): Promise<{ trial: AskedTrial | null; why: string | null }> {
      const found = await next(search, beginRun(search));
      if (!found.trial) return { trial: null, why: found.why };
      const { number, parameters, runId, lease, leaseUntil } = found.trial;
      const asked = { number, parameters, runId, lease: lease ?? '', leaseUntil: leaseUntil ?? 0 };
      return { trial: asked, why: null };
    },

    /** @throws trialNotFound, trialEnded, trialLeaseLost */
    report: (
      search: SearchRecord,
      {
        number,
        step,
        value,
        lease,
      }: { number: number; step: number; value: number | null; lease?: string | undefined },
    ): Promise<{ stop: boolean }> =>
      inTurn(search.id, async () => {
        const isAtWork = await change(search, async (_tx, store, revision) => {
          const trial = await getTrial(search, number, store);
          assertLease(search, trial, lease);
          // Whoever goes on after the end, or after its job was given back, is told to stop: it may not know of it.
          if (isOver(trial) || (search.command && trial.jobId === null)) return false;
          if (!(await store.insertReport(search.id, { number, step, value, revision }))) return true;
          const isNewest = trial.lastStep === null || step > trial.lastStep;
          // One that was given back has no lease any more; who is heard of again has it anew.
          const leaseUntil =
            trial.jobId === null ? clock.now() + search.definition.leaseSeconds * 1000 : null;
          const newest = isNewest ? { lastStep: step, lastValue: value } : {};
          await store.updateTrial(search.id, number, { state: 'running', leaseUntil, ...newest }, revision);
          return true;
        });
        if (!isAtWork) return { stop: true };
        const { hopeless } = await minds.of(search);
        return { stop: hopeless.has(number) };
      }),

    /** Said twice, it is done once. @throws trialNotFound, trialEnded, trialLeaseLost, trialValuesInvalid */
    tell: (search: SearchRecord, number: number, end: TrialEnd, lease?: string): Promise<Trial> =>
      inTurn(search.id, async () => {
        const trial = await getTrial(search, number);
        const told = judgeEnd(search, trial, end);
        /** False when it was told the same before. */
        const isNews = (now: TrialRecord): boolean => {
          if (isOver(now)) {
            if (isSameEnd(now, told)) return false;
            throw errors.trialEnded({ sweep: search.id, number, state: now.state });
          }
          assertLease(search, now, lease);
          return true;
        };
        if (!isNews(trial)) return toTrial(trial);
        const mind = await minds.of(search);
        const cost = end.cost ?? null;
        const all = [...mind.trials.values()].map((each) =>
          each.number === number ? { ...each, ...told, cost } : each,
        );
        const isLast = !search.command && whyNoMore(search, mind, all) !== null;
        // Before the end: of what has ended nothing is written any more, also when the server dies in between.
        if (trial.jobId === null) {
          const { goals } = search.definition;
          const metrics = told.values?.map((value, i) => ({ key: goals[i]?.metric ?? '', value }));
          const { runId, parameters } = trial;
          await experiments.logRest({ id: runId, parameters, metrics }, callerOf(search));
        }
        const now = clock.now();
        await change(search, async (tx, store, revision) => {
          // Somebody else may have told it through another server.
          if (!isNews(await getTrial(search, number, store))) return;
          const rest = { lease: null, leaseUntil: null, endedAt: now, cost };
          await store.updateTrial(search.id, number, { ...told, ...rest }, revision);
          if (isLast && !(await store.hasOpenTrial(search.id))) await onLast(tx, search);
          // A job ends its run itself.
          if (trial.jobId === null)
            await experiments.setRunStatus(tx, trial.runId, runStatusOf[told.state], search.workspace);
        });
        return toTrial(await getTrial(search, number));
      }),
  };
}

const runStatusOf = { complete: 'FINISHED', pruned: 'KILLED', failed: 'FAILED' } as const;

type Told = Pick<TrialRecord, 'state' | 'value' | 'values' | 'error'> & { readonly state: TrialEnd['state'] };

/** A trial that says it is complete and has no number to show for it has failed. */
function judgeEnd(search: SearchRecord, trial: TrialRecord, { state, values, error }: TrialEnd): Told {
  const { goals } = search.definition;
  const rest = { value: null, values: null };
  if (state === 'failed') return { ...rest, state, error: maskTokens(error ?? 'it failed') };
  if (state === 'pruned') return { ...rest, state, value: trial.lastValue, error: null };
  if (values?.length !== goals.length)
    throw errors.trialValuesInvalid({
      ...{ sweep: search.id, number: trial.number, given: values?.length ?? 0 },
      goals: goals.map(({ metric }) => metric).join(', '),
    });
  const missing = values.findIndex((value) => value === null || !Number.isFinite(value));
  if (missing !== -1) {
    const text = `its ${goals[missing]?.metric} is ${values[missing] ?? 'not a number'}`;
    return { ...rest, state: 'failed', error: error ?? text };
  }
  const numbers = values as readonly number[];
  return { state, value: numbers[0] ?? null, values: [...numbers], error: null };
}

const isSameEnd = (trial: TrialRecord, told: Told): boolean =>
  trial.state === told.state && JSON.stringify(trial.values) === JSON.stringify(told.values);

export type SearchTrials = ReturnType<typeof createSearchTrials>;
