import type { Input, ModelVersion, Page, Rollout, rolloutsEndpoints } from '@tidemill/contract';
import type { Change, Changes } from '../../access/audit/service.ts';
import { type Db, isUniqueViolation } from '../../adapters/db/db.ts';
import { type Caller, systemCaller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { toUri } from '../../base/references.ts';
import { createTurns } from '../../base/turns.ts';
import type { Events } from '../../platform/events/service.ts';
import type { TaskContext, TaskOutcome, Tasks } from '../../platform/tasks/service.ts';
import type { Definition, Endpoints } from '../endpoints/service.ts';
import type { Predictions } from '../predictions/service.ts';
import { createEvidence } from './evidence.ts';
import { newRollout } from './new-rollout.ts';
import { recordStep, type Step, toContract } from './records.ts';
import { isActive, judge, type Stage, toComparison } from './rules.ts';
import { rolloutStore, type StoredRollout } from './store.ts';
import { definitionFor, hasRemains, isIntact } from './variants.ts';

export interface RolloutsDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Pick<Events, 'on'>;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue' | 'wake' | 'pauseReason'>;
  readonly endpoints: Pick<Endpoints, 'currentDefinition' | 'release'>;
  readonly predictions: Pick<Predictions, 'pairs' | 'failures' | 'window'>;
  readonly registry: { resolve(reference: string, workspace: string): Promise<ModelVersion> };
}

type Contract = typeof rolloutsEndpoints;
type Recorder = (change: Change) => void;

/** Outcomes wake a rollout; this is for what no event tells. */
const lookAgainMs = 15_000;
const retryMs = 1000;

/**
 * How a candidate becomes live: it predicts in shadow, then answers a share of the traffic, then everything, or is
 * taken back. Each step is a new revision of its endpoint, written together with the rollout's own row.
 */
export function createRollouts(deps: RolloutsDependencies) {
  const { db, changes, clock, logger, tasks, endpoints, registry } = deps;
  const evidence = createEvidence(deps.predictions);
  /** Its task and a person decide on one rollout one after the other. */
  const inTurn = createTurns();
  tasks.register<{ rollout: string }>('rollout', { concurrency: 2, whilePaused: true }, work);
  deps.events.on('rollouts', ['outcomes.recorded', 'endpoint.released'], async (event) => {
    const active = await rolloutStore(db).findActive(event.workspace, String(event.payload.endpoint));
    if (active) await tasks.wake(db, active.id);
  });

  async function getStored(id: string, workspace: string): Promise<StoredRollout> {
    const found = await rolloutStore(db).find(workspace, id);
    if (!found) throw errors.rolloutNotFound({ id });
    return found;
  }

  /** Never fails the task: a query that could not run now is asked again. */
  async function work(task: TaskContext<{ rollout: string }>): Promise<TaskOutcome> {
    try {
      const rollout = await judgeInTurn(task.payload.rollout, task.workspace);
      if (!isActive(rollout.stage)) return { done: { stage: rollout.stage } };
      return { waitUntil: clock.now() + lookAgainMs };
    } catch (error) {
      logger.error(
        { err: error, rollout: task.payload.rollout },
        'a rollout could not be judged; it is tried again',
      );
      return { waitUntil: clock.now() + retryMs };
    }
  }

  const judgeInTurn = (id: string, workspace: string): Promise<StoredRollout> =>
    inTurn(id, async () => judgeNow(await getStored(id, workspace)));

  /** As often as the evidence moves it on: a canary may be decided by what is there already. */
  async function judgeNow(rollout: StoredRollout): Promise<StoredRollout> {
    const caller = systemCaller('rollouts', rollout.workspace);
    let current = rollout;
    for (;;) {
      const found = await evidence.gather(current);
      if (!found) return current;
      const definition = await findDefinition(current);
      const shown = toComparison(found.pairs, found.decision);
      if (!definition || !isIntact(definition, current, found.stage))
        return abandon(current, definition, shown, caller);
      const { next, text } = judge(found);
      // A pause holds what would go forward; the guard still takes back what does harm.
      const isHeld = next !== 'rolled-back' && (await tasks.pauseReason()) !== null;
      if (next === current.stage || isHeld) {
        if (JSON.stringify(shown) !== JSON.stringify(current.evidence)) {
          await rolloutStore(db).saveEvidence(current.id, shown);
        }
        return { ...current, evidence: shown };
      }
      await advance(current, { stage: next, text, evidence: shown }, caller);
      current = await getStored(current.id, current.workspace);
    }
  }

  /** What is live; null when the endpoint was deleted. */
  async function findDefinition({ endpoint, workspace }: StoredRollout): Promise<Definition | null> {
    try {
      return await endpoints.currentDefinition(endpoint, workspace);
    } catch (error) {
      if (error instanceof TidemillError && error.code === 'endpointNotFound') return null;
      throw error;
    }
  }

  /** Somebody released another definition by hand, or deleted the endpoint: that is their decision, and the rollout ends. */
  async function abandon(
    rollout: StoredRollout,
    definition: Definition | null,
    shown: Rollout['evidence'],
    caller: Caller,
  ): Promise<StoredRollout> {
    const text = definition
      ? 'the endpoint was changed by hand, which took the candidate out of its place'
      : 'the endpoint was deleted';
    const step: Step = { stage: 'rolled-back', text, evidence: shown };
    if (definition && hasRemains(definition, rollout)) await release(rollout, step, caller, () => true);
    else await changes.run(caller, (tx, record) => write(tx, record, rollout, step, caller));
    return getStored(rollout.id, rollout.workspace);
  }

  const advance = (rollout: StoredRollout, step: Step, caller: Caller): Promise<void> =>
    release(
      rollout,
      step,
      caller,
      (live) => isActive(rollout.stage) && isIntact(live, rollout, rollout.stage),
    );

  /** What is live may have changed since it was judged: then the step is not taken, and the rollout is judged again. */
  async function release(
    rollout: StoredRollout,
    step: Step,
    caller: Caller,
    isExpected: (live: Definition) => boolean,
  ): Promise<void> {
    await endpoints.release(
      {
        endpoint: rollout.endpoint,
        change: (definition) => {
          if (!isExpected(definition)) throw errors.endpointChanged({ name: rollout.endpoint });
          return definitionFor(step.stage, definition, rollout, rollout.policy.canaryWeight);
        },
        reason: `${rollout.id}: ${step.text}`,
        followAlias: step.stage === 'promoted',
        within: (tx, record) => write(tx, record, rollout, step, caller),
      },
      caller,
    );
    if (!isActive(step.stage)) evidence.forget(rollout.id);
  }

  async function write(
    tx: Db,
    record: Recorder,
    from: StoredRollout,
    step: Step,
    caller: Caller,
  ): Promise<void> {
    const now = clock.now();
    const { stage, text } = step;
    const entry = { at: now, stage, text, actor: caller.actor };
    const isWritten = await rolloutStore(tx).advance(from, {
      stage,
      timeline: [...from.timeline, entry],
      evidence: step.evidence,
      canaryAt: stage === 'canary' ? now : from.canaryAt,
      finishedAt: isActive(stage) ? null : now,
    });
    if (!isWritten) throw errors.rolloutFinished({ id: from.id, stage: 'another decision came first' });
    recordStep(record, from, step);
  }

  async function endByHand(id: string, stage: Stage, reason: string, caller: Caller): Promise<Rollout> {
    const rollout = await getStored(id, caller.workspace);
    if (!isActive(rollout.stage)) throw errors.rolloutFinished({ id, stage: rollout.stage });
    const definition = await findDefinition(rollout);
    if (!definition || !isIntact(definition, rollout, rollout.stage)) {
      return toContract(await abandon(rollout, definition, rollout.evidence, caller));
    }
    await advance(rollout, { stage, text: reason, evidence: rollout.evidence }, caller);
    await tasks.wake(db, id);
    return toContract(await getStored(id, caller.workspace));
  }

  return {
    /** `also` is written in the same transaction. */
    async start(
      input: Input<Contract['start']>,
      caller: Caller,
      also?: (tx: Db, record: Recorder, rollout: string) => Promise<void>,
    ): Promise<Rollout> {
      const { endpoint, reason } = input;
      const { workspace } = caller;
      const definition = await endpoints.currentDefinition(endpoint, workspace);
      const running = await rolloutStore(db).findActive(workspace, endpoint);
      if (running) throw errors.rolloutActive({ endpoint, rollout: running.id });
      const { reference: candidate } = await registry.resolve(input.candidate, workspace);
      const rollout = newRollout(input, candidate, definition, workspace, clock.now());
      const text = reason ?? `${candidate} against ${rollout.champion}`;
      const begun = { at: rollout.createdAt, stage: rollout.stage, text, actor: caller.actor };
      const stored: StoredRollout = { ...rollout, timeline: [begun] };
      try {
        await endpoints.release(
          {
            endpoint,
            change: (live) => definitionFor(stored.stage, live, stored, stored.policy.canaryWeight),
            reason: `${stored.id}: ${text}`,
            followAlias: false,
            async within(tx, record) {
              await rolloutStore(tx).insert(stored);
              const subject = toUri('rollout', stored.id);
              const task = { id: stored.id, kind: 'rollout', workspace, subject, actor: caller.actor };
              await tasks.enqueue(tx, { ...task, payload: { rollout: stored.id } });
              recordStep(record, stored, { stage: stored.stage, text, evidence: null });
              await also?.(tx, record, stored.id);
            },
          },
          caller,
        );
      } catch (error) {
        if (isUniqueViolation(error))
          throw errors.rolloutActive({ endpoint, rollout: 'just started' }, error);
        throw error;
      }
      return toContract(stored);
    },

    get: async (input: { id: string }, caller: Caller): Promise<Rollout> =>
      toContract(await getStored(input.id, caller.workspace)),

    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<Rollout>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const filter = { workspace: caller.workspace, endpoint: input.endpoint, before, limit: limit + 1 };
      const page = toPage(await rolloutStore(db).list(filter), limit, (rollout) => rollout.id);
      return { ...page, items: page.items.map(toContract) };
    },

    promote: (input: { id: string; reason: string }, caller: Caller): Promise<Rollout> =>
      inTurn(input.id, () => endByHand(input.id, 'promoted', input.reason, caller)),

    /** Works while automation is paused: it waits for no task. */
    rollBack: (input: { id: string; reason: string }, caller: Caller): Promise<Rollout> =>
      inTurn(input.id, () => endByHand(input.id, 'rolled-back', input.reason, caller)),

    /** The rollout that is in shadow or canary on an endpoint now. */
    async activeFor(endpoint: string, workspace: string): Promise<Rollout | null> {
      const found = await rolloutStore(db).findActive(workspace, endpoint);
      return found ? toContract(found) : null;
    },

    /** Judges an active rollout on what is logged now, as its task does when outcomes arrive. */
    judge: async (id: string, workspace: string): Promise<Rollout> =>
      toContract(await judgeInTurn(id, workspace)),
  };
}

export type Rollouts = ReturnType<typeof createRollouts>;
