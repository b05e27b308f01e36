import { isDeepStrictEqual } from 'node:util';
import type { Input, LoopRun, Page, RetrainingPolicy, retrainingEndpoints } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import { type Caller, systemCaller } from '../../base/caller.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeCursor, defaultPageSize, isNumber, isText, toPage } from '../../base/page.ts';
import { toUri } from '../../base/references.ts';
import type { Events, StoredEvent } from '../../platform/events/service.ts';
import type { Tasks } from '../../platform/tasks/service.ts';
import { endlessAttempts, withToldEnd } from '../../platform/tasks/told-end.ts';
import type { Rollouts } from '../../serving/rollouts/service.ts';
import type { Jobs } from '../../training/jobs/service.ts';
import type { Sweeps } from '../../training/sweeps/service.ts';
import type { Alerts, StoredAlert } from '../alerts/service.ts';
import { createLoopSteps, type LoopStepsDependencies } from './loop-steps.ts';
import { createLoopWork } from './loop-work.ts';
import {
  isCooledDown,
  isEnded,
  type Policy,
  recipeOf,
  type ScriptRecipe,
  type StoredRun,
  withStep,
} from './rules.ts';
import { toSearch } from './script-steps.ts';
import { retrainingStore } from './store.ts';

export interface RetrainingDependencies extends LoopStepsDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly events: Pick<Events, 'on'>;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue' | 'wake' | 'cancel'>;
  readonly logger: Logger;
  readonly alerts: Pick<Alerts, 'listActive' | 'setLoopRun'>;
  readonly rollouts: LoopStepsDependencies['rollouts'] & Pick<Rollouts, 'rollBack'>;
  readonly sweeps: LoopStepsDependencies['sweeps'] &
    Pick<Sweeps, 'cancel' | 'assertConfirm' | 'assertSearch'>;
  readonly jobs: LoopStepsDependencies['jobs'] & Pick<Jobs, 'cancel' | 'prepareCommand' | 'keepFiles'>;
}

type Contract = typeof retrainingEndpoints;

const taskKind = 'loop-run';
const allowedFailures = 4;

/** From an alert to a decision: data, search, proof and release of the next model, each step kept before the next. */
export function createRetraining(deps: RetrainingDependencies) {
  const { db, changes, tasks, events, alerts, clock, logger, rollouts, sweeps, jobs } = deps;
  const steps = createLoopSteps(deps);
  const loop = createLoopWork({ ...deps, steps });

  tasks.register<unknown>(
    taskKind,
    { concurrency: 2 },
    withToldEnd(loop.work, { allowedFailures: () => allowedFailures, fail: loop.fail }),
  );

  events.on('retraining', ['alert.opened', 'monitor.breached'], async ({ workspace, payload }) => {
    const { endpoint, eventTime } = payload;
    if (isText(endpoint)) await consider(workspace, endpoint, isNumber(eventTime) ? eventTime : null);
  });
  events.on(
    'retraining-wake',
    ['rollout.advanced', 'sweep.finished', 'sweep.confirmed', 'model.registered'],
    wakeAll,
  );

  async function wakeAll({ workspace }: StoredEvent): Promise<void> {
    for (const id of await retrainingStore(db).listActiveIds(workspace)) await tasks.wake(db, id);
  }

  /** Opens a run for an alert that a policy answers to, unless one is active or the last one is too young. */
  async function consider(workspace: string, endpoint: string, eventTime: number | null): Promise<void> {
    const store = retrainingStore(db);
    const policies = await store.listPolicies({ workspace, endpoint });
    if (policies.length === 0 || (await store.findActive(workspace, endpoint))) return;
    const active = await listTriggers(workspace, endpoint);
    for (const policy of policies) {
      const alert = active.find(({ kind }) => policy.triggers?.some((trigger) => trigger === kind));
      if (!alert) continue;
      const last = await store.findLastEventTime(workspace, policy.name);
      const now = eventTime ?? alert.eventTime;
      if (!isCooledDown(policy, last, now)) continue;
      const caller = systemCaller('retraining', workspace);
      const run = await open(policy, `alert on ${alert.monitor}: ${alert.title}`, alert.id, now, caller);
      if (run) logger.info({ loopRun: run.id, endpoint, alert: alert.id }, 'loop run opened by an alert');
      return;
    }
  }

  /** Newest first. What was held against a model that is no longer live triggers nothing. */
  async function listTriggers(workspace: string, endpoint: string): Promise<StoredAlert[]> {
    const active = await alerts.listActive(workspace, endpoint);
    if (active.length === 0) return [];
    const definition = await deps.endpoints.currentDefinition(endpoint, workspace).catch(asDeleted);
    const live = definition?.variants.filter((variant) => !variant.shadow).map((variant) => variant.model);
    return active.filter((alert) => live?.includes(alert.model)).reverse();
  }

  /** Null when another run of the endpoint was faster. */
  async function open(
    policy: Policy,
    trigger: string,
    alert: string | null,
    eventTime: number | null,
    caller: Caller,
  ): Promise<StoredRun | null> {
    const { workspace, ...definition } = policy;
    const now = clock.now();
    const { endpoint } = policy;
    const run: StoredRun = {
      ...{ id: newId('loop'), workspace, policy: policy.name, endpoint, trigger, alert },
      ...{ state: 'queued', verdict: null, candidate: null, rollout: null, made: {}, definition, eventTime },
      steps: withStep([], { name: 'trigger', state: 'running', text: trigger }, now),
      createdAt: now,
      finishedAt: null,
    };
    const { id } = run;
    const subject = toUri('loop', id);
    return changes.run(caller, async (tx, record) => {
      if (!(await retrainingStore(tx).insertRun(run))) return null;
      if (alert !== null) await alerts.setLoopRun(tx, workspace, alert, id);
      const task = { id, kind: taskKind, workspace, subject, payload: {}, actor: caller.actor };
      await tasks.enqueue(tx, { ...task, maximumAttempts: endlessAttempts });
      const detail = { id, endpoint, policy: policy.name, alert, step: 'trigger', text: trigger };
      record({ action: 'loop.advanced', subject, detail });
      return run;
    });
  }

  async function getPolicy(name: string, workspace: string): Promise<Policy> {
    const found = await retrainingStore(db).findPolicy(workspace, name);
    if (found) return found;
    const names = (await retrainingStore(db).listPolicies({ workspace, limit: 20 })).map((each) => each.name);
    const known = names.length > 0 ? `There are ${names.join(', ')}` : 'None has been declared yet';
    throw errors.retrainingPolicyNotFound({ name, known });
  }

  async function getRun(id: string, workspace: string): Promise<StoredRun> {
    const found = await retrainingStore(db).findRun(workspace, id);
    if (!found) throw errors.loopRunNotFound({ id });
    return found;
  }

  /** What the run has set going elsewhere. */
  async function takeBack(run: StoredRun, caller: Caller): Promise<void> {
    const reason = `${run.id} was cancelled by ${caller.actor}`;
    if (run.rollout !== null)
      await rollouts.rollBack({ id: run.rollout, reason }, caller).catch(ignoring('rolloutFinished'));
    if (run.made.sweep !== undefined && run.candidate === null)
      await sweeps.cancel({ id: run.made.sweep }, caller).catch(ignoring('jobEnded'));
    if (run.made.job !== undefined && run.candidate === null)
      await jobs.cancel({ id: run.made.job }, caller).catch(ignoring('jobEnded'));
  }

  /** What only a run would find out. @throws permissionDenied, retrainingPolicyInvalid, and what its job or search would throw */
  async function assertScript(name: string, script: ScriptRecipe, caller: Caller): Promise<void> {
    const { experiment, command, parameters, search, folder } = script;
    if (caller.role !== 'admin')
      throw errors.permissionDenied({ actor: caller.actor, permission: 'admin', where: 'a command' });
    const invalid = (field: string, reason: string) =>
      errors.retrainingPolicyInvalid({ name, field: `script.${field}`, reason });
    if (folder !== undefined)
      throw invalid('folder', 'is read by `tidemill apply` alone; over HTTP its files are `command.code`');
    if (search && parameters)
      throw invalid('parameters', 'are of a job without a search; put them into the command or the space');
    await jobs.prepareCommand({ ...command, experiment, ...(parameters && { parameters }) }, caller);
    if (search) sweeps.assertSearch(toSearch(script, name), search.confirm);
  }

  return {
    async putPolicy(
      input: Input<Contract['putPolicy']>,
      caller: Caller,
    ): Promise<RetrainingPolicy & { unchanged: boolean }> {
      const { workspace } = caller;
      await deps.endpoints.currentDefinition(input.endpoint, workspace);
      assertPolicy(input);
      if (input.sweep) sweeps.assertConfirm(input.sweep);
      if (input.script) await assertScript(input.name, input.script, caller);
      const { views = [], service } = input.trainingSet;
      for (const view of views) await deps.features.resolveView(view, workspace);
      if (service !== undefined) await deps.features.services.resolve(service, workspace);
      return changes.run(caller, async (tx, record) => {
        const store = retrainingStore(tx);
        const found = await store.findPolicy(workspace, input.name);
        const policy: Policy = { ...input, workspace, createdAt: found?.createdAt ?? clock.now() };
        if (found && isDeepStrictEqual(found, policy)) return { ...toPolicy(found), unchanged: true };
        await store.savePolicy(policy, caller.actor);
        if (input.script) await jobs.keepFiles(tx, input.script.command);
        const { endpoint, model, triggers = [] } = input;
        const subject = toUri('policy', input.name);
        record({ action: 'retraining.declared', subject, detail: { endpoint, model, triggers } });
        return { ...toPolicy(policy), unchanged: false };
      });
    },

    async listPolicies(
      input: Input<Contract['listPolicies']>,
      caller: Caller,
    ): Promise<Page<RetrainingPolicy>> {
      const limit = input.limit ?? defaultPageSize;
      const after = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const filter = { workspace: caller.workspace, after, limit: limit + 1 };
      const page = toPage(await retrainingStore(db).listPolicies(filter), limit, (policy) => policy.name);
      return { ...page, items: page.items.map(toPolicy) };
    },

    findPolicy: (name: string, workspace: string) => retrainingStore(db).findPolicy(workspace, name),

    /** By a person: no cooldown. @throws loopRunActive */
    async start(input: Input<Contract['start']>, caller: Caller): Promise<LoopRun> {
      const { workspace } = caller;
      const policy = await getPolicy(input.policy, workspace);
      const eventTime = await steps.newestKnown(policy);
      const run = await open(policy, `${caller.actor}: ${input.reason}`, null, eventTime, caller);
      if (run) return toLoopRun(run);
      const active = await retrainingStore(db).findActive(workspace, policy.endpoint);
      throw errors.loopRunActive({ endpoint: policy.endpoint, run: active?.id ?? 'just started' });
    },

    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<LoopRun>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const filter = { workspace: caller.workspace, endpoint: input.endpoint, before, limit: limit + 1 };
      const page = toPage(await retrainingStore(db).listRuns(filter), limit, (run) => run.id);
      return { ...page, items: page.items.map(toLoopRun) };
    },

    get: async (input: { id: string }, caller: Caller): Promise<LoopRun> =>
      toLoopRun(await getRun(input.id, caller.workspace)),

    /** Works while automation is paused. A candidate in traffic is taken back before the run is called cancelled. */
    async cancel(input: { id: string }, caller: Caller): Promise<LoopRun> {
      const { id } = input;
      const { workspace } = caller;
      const run = await getRun(id, workspace);
      if (isEnded(run)) throw errors.loopRunEnded({ id, state: run.state });
      await tasks.cancel(db, id);
      await takeBack(run, caller);
      const text = `cancelled by ${caller.actor}`;
      const current = await getRun(id, workspace);
      const steps = withStep(current.steps, { name: 'decision', state: 'done', text }, clock.now());
      await loop.save(current, { steps, end: { state: 'cancelled', verdict: null } }, caller);
      const ended = await getRun(id, workspace);
      // The attempt that was under way may have started one after we looked.
      if (ended.rollout !== run.rollout) await takeBack(ended, caller);
      return toLoopRun(ended);
    },
  };
}

export type Retraining = ReturnType<typeof createRetraining>;

/** @throws retrainingPolicyInvalid for what only a run would find out */
function assertPolicy(input: Input<Contract['putPolicy']>): void {
  const { name, sweep, script, evaluation, trainingSet } = input;
  if ((sweep === undefined) === (script === undefined)) {
    const reason = 'must say either how our learners are searched, or (script) which script of yours is run';
    throw errors.retrainingPolicyInvalid({ name, field: 'sweep', reason });
  }
  const { target } = recipeOf(input);
  if ((trainingSet.views === undefined) === (trainingSet.service === undefined)) {
    const reason = "must say either 'views' or 'service', where its features come from";
    throw errors.retrainingPolicyInvalid({ name, field: 'trainingSet', reason });
  }
  const { baseline } = evaluation;
  if (sweep?.features.includes(target)) {
    const reason = `holds the target '${target}': the model would read the answer`;
    throw errors.retrainingPolicyInvalid({ name, field: 'sweep.features', reason });
  }
  if (baseline === target) {
    const reason = `is the target '${baseline}': it is known only afterwards`;
    throw errors.retrainingPolicyInvalid({ name, field: 'evaluation.baseline', reason });
  }
}

const toPolicy = ({ workspace: _workspace, ...policy }: Policy): RetrainingPolicy => policy;

const toLoopRun = ({ workspace: _w, made: _m, definition: _d, eventTime: _e, ...run }: StoredRun): LoopRun =>
  run;

const ignoring =
  (code: string) =>
  (error: unknown): null => {
    if (error instanceof TidemillError && error.code === code) return null;
    throw error;
  };

const asDeleted = ignoring('endpointNotFound');
