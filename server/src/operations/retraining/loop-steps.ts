/** The steps of a loop run: each looks at what is made, makes the next thing, and says so with figures. */
import type { Evaluation, GateCheck, LoopStep, ModelVersion, Rollout, Variant } from '@tidemill/contract';
import { type Caller, systemCaller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { parseReference } from '../../base/references.ts';
import type { Features } from '../../data/features/service.ts';
import type { Evaluations } from '../../models/evaluation/service.ts';
import type { Governance } from '../../models/governance/service.ts';
import type { Endpoints } from '../../serving/endpoints/service.ts';
import type { Predictions } from '../../serving/predictions/service.ts';
import type { Rollouts } from '../../serving/rollouts/service.ts';
import type { Sweeps } from '../../training/sweeps/service.ts';
import {
  evaluationText,
  isNotBetter,
  pendingStep,
  progressText,
  recipeOf,
  refusalText,
  type ScriptRecipe,
  type StepResult,
  type StoredRun,
  searchText,
  stepsOfRollout,
  verdictOf,
  withStep,
} from './rules.ts';
import { createScriptSteps, type ScriptStepsDependencies } from './script-steps.ts';

export interface LoopStepsDependencies extends ScriptStepsDependencies {
  readonly clock: Clock;
  readonly features: Pick<Features, 'createTrainingSet' | 'resolveView'> & {
    readonly services: Pick<Features['services'], 'resolve'>;
  };
  readonly sweeps: ScriptStepsDependencies['sweeps'] & Pick<Sweeps, 'create'>;
  readonly registry: ScriptStepsDependencies['registry'] & {
    resolve(reference: string, workspace: string): Promise<ModelVersion>;
  };
  readonly evaluations: Pick<Evaluations, 'evaluate' | 'get' | 'findStart'>;
  readonly governance: Pick<Governance, 'getGate' | 'check' | 'approve' | 'refuse'>;
  readonly endpoints: Pick<Endpoints, 'currentDefinition'>;
  readonly predictions: Pick<Predictions, 'window'>;
  readonly rollouts: Pick<Rollouts, 'start' | 'get' | 'activeFor'>;
}

const outcomesSearched = 500;
const sweepsSearched = 1000;

export function createLoopSteps(deps: LoopStepsDependencies) {
  const { clock, features, sweeps, registry, evaluations, governance, rollouts } = deps;
  const scripts = createScriptSteps(deps);

  const step = (
    run: StoredRun,
    name: LoopStep['name'],
    state: LoopStep['state'],
    text: string,
    uri?: string,
  ): LoopStep[] => withStep(run.steps, { name, state, text, uri: uri ?? null }, clock.now());

  const callerOf = (run: StoredRun): Caller => systemCaller('retraining', run.workspace);

  async function mainVariant(run: StoredRun): Promise<Variant> {
    const definition = await deps.endpoints.currentDefinition(run.endpoint, run.workspace);
    const answering = definition.variants.filter((variant) => !variant.shadow);
    return answering.reduce((best, variant) => (variant.weight > best.weight ? variant : best));
  }

  /** A candidate that is in shadow already is the answer to this trigger: it is followed, not competed with. */
  async function begin(run: StoredRun): Promise<StepResult> {
    const { model: champion } = await mainVariant(run);
    const active = await rollouts.activeFor(run.endpoint, run.workspace);
    const made = { begun: true, champion };
    if (!active || active.candidate === champion) {
      return { steps: step(run, 'trigger', 'done', run.trigger), made };
    }
    const text = `${run.trigger}; ${active.candidate} is in ${active.stage} already and is followed`;
    const steps = step(run, 'trigger', 'done', text, `rollout:${active.id}`);
    return { steps, made, candidate: active.candidate, rollout: active.id };
  }

  /** Newest event time whose outcome is known: what the world has told so far. */
  async function newestKnown(run: Pick<StoredRun, 'workspace' | 'endpoint'>): Promise<number | null> {
    const { workspace, endpoint } = run;
    const records = await deps.predictions.window({ workspace, endpoint, rows: outcomesSearched });
    const known = records.find((record) => record.outcome !== null) ?? records[0];
    return known?.eventTime ?? null;
  }

  async function buildTrainingSet(run: StoredRun): Promise<StepResult> {
    const newest = await newestKnown(run);
    const asOf = newest === null ? undefined : new Date(newest).toISOString();
    const message = `for ${run.id}`;
    const definition = { ...run.definition.trainingSet, message, ...(asOf !== undefined && { asOf }) };
    const set = await features.createTrainingSet(definition, callerOf(run));
    const text = `${set.reference}: ${set.rows} rows${asOf === undefined ? '' : ` known by ${asOf.slice(0, 10)}`}`;
    const { script } = run.definition;
    const held = script && (await scripts.holdBack(run, script, set, callerOf(run)));
    const given = held && `; the script is given the ${held.rows} before ${held.before} (${held.reference})`;
    return {
      steps: step(run, 'training-set', 'done', `${text}${given ?? ''}`, set.uri),
      made: { trainingSet: set.reference, ...(held && { learned: held.reference }) },
    };
  }

  async function submitScript(run: StoredRun, script: ScriptRecipe, learned: string): Promise<StepResult> {
    const made = await scripts.submit(run, script, learned, callerOf(run));
    const { trials } = script.search?.budget ?? {};
    const what = script.search ? `${trials === undefined ? 'a search' : `${trials} trials`} of` : 'a job of';
    const text = `${what} '${script.command.command.join(' ').slice(0, 200)}' on ${learned}`;
    const uri = made.sweep === undefined ? `job:${made.job}` : `sweep:${made.sweep}`;
    return { steps: step(run, pendingStep(run), 'waiting', text, uri), made };
  }

  async function awaitScript(run: StoredRun, script: ScriptRecipe): Promise<StepResult> {
    const { candidate, text } = await scripts.awaitCandidate(run, script, callerOf(run));
    if (candidate === null) return { steps: step(run, pendingStep(run), 'waiting', text), wait: true };
    return { steps: step(run, pendingStep(run), 'done', text), candidate };
  }

  /** The run's id names its sweep, so one that was submitted before a crash is found again. */
  async function submitSweep(run: StoredRun, trainingSet: string): Promise<StepResult> {
    const caller = callerOf(run);
    const { definition } = run;
    const { sweep: recipe, script } = definition;
    if (script) return submitScript(run, script, run.made.learned ?? trainingSet);
    if (!recipe) throw new Error(`the policy ${run.policy} has neither a sweep nor a script`);
    const { items } = await sweeps.list({ limit: sweepsSearched }, caller);
    const request = { ...recipe, name: run.id, trainingSet, register: definition.model };
    const sweep =
      items.find((found) => found.definition.name === run.id) ?? (await sweeps.create(request, caller));
    const text = `${recipe.trials} trials on ${trainingSet}`;
    return { steps: step(run, 'sweep', 'waiting', text, `sweep:${sweep.id}`), made: { sweep: sweep.id } };
  }

  async function awaitCandidate(run: StoredRun, id: string): Promise<StepResult> {
    const { script } = run.definition;
    if (script) return awaitScript(run, script);
    const sweep = await sweeps.get({ id }, callerOf(run));
    if (sweep.state === 'failed' || sweep.state === 'cancelled') {
      const reason = sweep.error ?? `it was ${sweep.state}`;
      throw errors.sweepFailed({ id, trials: sweep.trials.length, reason });
    }
    if (sweep.modelVersion === null) {
      return { steps: step(run, 'sweep', 'waiting', progressText(sweep)), wait: true };
    }
    const text = `${searchText(sweep)}; registered as ${sweep.modelVersion}`;
    return { steps: step(run, 'sweep', 'done', text), candidate: sweep.modelVersion };
  }

  async function evaluate(run: StoredRun, candidate: string, dataset: string): Promise<StepResult> {
    const { target, timeColumn } = recipeOf(run.definition);
    const { model: champion } = await mainVariant(run);
    const request = { ...run.definition.evaluation, model: candidate, dataset, target, timeColumn };
    const evaluation = await evaluateAgainst(request, champion, callerOf(run));
    const text = evaluationText(evaluation);
    return {
      steps: step(run, 'evaluation', 'done', text, `evaluation:${evaluation.id}`),
      made: { evaluation: evaluation.id, champion },
    };
  }

  type Request = Parameters<Evaluations['evaluate']>[0];

  /** A champion that reads other columns is judged in traffic only. */
  async function evaluateAgainst(request: Request, champion: string, caller: Caller): Promise<Evaluation> {
    try {
      return await evaluations.evaluate({ ...request, champion }, caller);
    } catch (error) {
      const isForeign =
        error instanceof TidemillError &&
        error.code === 'evaluationInputsMissing' &&
        error.details.model === champion;
      if (!isForeign) throw error;
      return evaluations.evaluate(request, caller);
    }
  }

  async function passGate(run: StoredRun, candidate: string, id: string): Promise<StepResult> {
    const caller = callerOf(run);
    const evaluation = await evaluations.get({ id }, caller);
    const check = await governance.check({ ...parseReference(candidate), evaluation: id }, caller);
    const failed = check.results.filter((result) => !result.passed).map((result) => result.rule);
    const uri = `gate:${run.definition.model}`;
    if (!check.passed || isNotBetter(evaluation)) {
      return refuse(run, candidate, check, refusalText(evaluation, failed), uri);
    }
    const text = `all ${check.results.length} rules hold`;
    return { steps: step(run, 'gate', 'done', text, uri), made: { gateCheck: check.id } };
  }

  async function refuse(
    run: StoredRun,
    candidate: string,
    check: GateCheck,
    text: string,
    uri: string,
  ): Promise<StepResult> {
    const { approval } = await registry.resolve(candidate, run.workspace);
    if (approval !== 'refused') await governance.refuse(candidate, text, check.id, callerOf(run));
    const steps = withStep(
      step(run, 'gate', 'done', text, uri),
      decision(run, `refused: ${text}`),
      clock.now(),
    );
    return { steps, made: { gateCheck: check.id }, end: { state: 'succeeded', verdict: 'refused' } };
  }

  const decision = (run: StoredRun, text: string) =>
    ({ name: 'decision', state: 'done', text, uri: `endpoint:${run.endpoint}` }) as const;

  /** The policy approves what its gate let through; it never overrides, and where the gate asks people it waits for them. */
  async function approve(run: StoredRun, candidate: string): Promise<StepResult> {
    const { approval } = await registry.resolve(candidate, run.workspace);
    const { model } = run.definition;
    if (approval === 'refused') {
      const text = `refused: ${candidate} was refused while it waited to be approved`;
      const steps = withStep(step(run, 'gate', 'done', text), decision(run, text), clock.now());
      return { steps, end: { state: 'succeeded', verdict: 'refused' } };
    }
    if (approval === 'none' && (await governance.getGate({ name: model }, callerOf(run))).approval !== null) {
      const text = `waits for people to approve ${candidate}: the gate of ${model} asks for it`;
      return { steps: step(run, 'gate', 'waiting', text), wait: true };
    }
    if (approval === 'none') {
      const reason = `${run.id}: the gate passed, policy '${run.policy}' approves`;
      await governance.approve({ ...parseReference(candidate), reason }, callerOf(run));
    }
    const text = `${run.steps.at(-1)?.text ?? 'passed'}; approved by policy '${run.policy}'`;
    return { steps: step(run, 'gate', 'done', text), made: { approved: true } };
  }

  async function startRollout(run: StoredRun, candidate: string): Promise<StepResult> {
    const active = await rollouts.activeFor(run.endpoint, run.workspace);
    if (active && active.candidate !== candidate) {
      const text = `waits for the rollout of ${active.candidate} to end`;
      return { steps: step(run, 'shadow', 'waiting', text, `rollout:${active.id}`), wait: true };
    }
    const rollout = active ?? (await rollouts.start(await rolloutRequest(run, candidate), callerOf(run)));
    return { steps: run.steps, rollout: rollout.id };
  }

  async function rolloutRequest(run: StoredRun, candidate: string) {
    const { endpoint, definition } = run;
    const reads = await readsFor(run);
    const policy = definition.rollout;
    const reason = `${run.id}: ${run.trigger}`.slice(0, 2000);
    return { endpoint, candidate, reason, ...reads, ...(policy && { policy }) };
  }

  /** Served with the view or the service it learned from; where records carry the features, with none. */
  async function readsFor(run: StoredRun): Promise<{ view?: string; service?: string }> {
    const { view, service } = await mainVariant(run);
    const { trainingSet } = run.definition;
    if (service !== undefined) {
      const learned = [trainingSet.service ?? service].find(isNamedAs(service)) ?? service;
      return { service: (await features.services.resolve(learned, run.workspace)).reference };
    }
    if (view === undefined) return {};
    const learned = trainingSet.views?.find(isNamedAs(view)) ?? view;
    return { view: (await features.resolveView(learned, run.workspace)).reference };
  }

  async function follow(run: StoredRun, id: string): Promise<StepResult> {
    const rollout: Rollout = await rollouts.get({ id }, callerOf(run));
    const steps = stepsOfRollout(run.steps, rollout, clock.now());
    const verdict = verdictOf(rollout.stage);
    return verdict === null ? { steps, wait: true } : { steps, end: { state: 'succeeded', verdict } };
  }

  return {
    newestKnown,

    /** Does the next step that is not done. */
    next(run: StoredRun): Promise<StepResult> {
      const { made, candidate, rollout } = run;
      if (!made.begun) return begin(run);
      if (rollout !== null) return follow(run, rollout);
      if (made.trainingSet === undefined) return buildTrainingSet(run);
      const begun = made.sweep ?? made.job;
      if (begun === undefined) return submitSweep(run, made.trainingSet);
      if (candidate === null) return awaitCandidate(run, begun);
      if (made.evaluation === undefined) return evaluate(run, candidate, made.trainingSet);
      if (made.gateCheck === undefined) return passGate(run, candidate, made.evaluation);
      if (!made.approved) return approve(run, candidate);
      return startRollout(run, candidate);
    },
  };
}

export type LoopSteps = ReturnType<typeof createLoopSteps>;

const isNamedAs =
  (served: string) =>
  (learned: string): boolean =>
    parseReference(learned).name === parseReference(served).name;
