import type {
  Comparison,
  Evaluation,
  LoopRun,
  LoopStep,
  RetrainingPolicy,
  Rollout,
  SearchDefinition,
  Sweep,
} from '@tidemill/contract';
import type { Static } from 'typebox';

export type Policy = RetrainingPolicy & { readonly workspace: string };
export type Verdict = NonNullable<LoopRun['verdict']>;
export type ScriptRecipe = NonNullable<RetrainingPolicy['script']>;
type Compared = Static<typeof Comparison>;

/** What the steps so far have made; a step whose result stands here is not done again. */
export interface Made {
  /** Set once it is decided whether a rollout that runs already is taken over. */
  readonly begun?: boolean;
  readonly champion?: string;
  readonly trainingSet?: string;
  /** Of a script: what it was given of the training set. */
  readonly learned?: string;
  readonly sweep?: string;
  readonly job?: string;
  readonly evaluation?: string;
  readonly gateCheck?: string;
  readonly approved?: boolean;
}

export interface StoredRun extends LoopRun {
  readonly workspace: string;
  readonly made: Made;
  readonly definition: RetrainingPolicy;
  readonly eventTime: number | null;
}

/** What one step changes; `wait` = nothing more can be done before something else happens. */
export interface StepResult {
  readonly steps: readonly LoopStep[];
  readonly made?: Partial<Made>;
  readonly candidate?: string;
  readonly rollout?: string;
  readonly end?: { readonly state: 'succeeded' | 'failed' | 'cancelled'; readonly verdict: Verdict | null };
  readonly wait?: boolean;
}

export const isEnded = (run: Pick<LoopRun, 'state'>): boolean =>
  run.state === 'succeeded' || run.state === 'failed' || run.state === 'cancelled';

/** Which step comes next, or is under way: what fails is said there. */
export function pendingStep({ made, candidate, rollout, steps, definition }: StoredRun): LoopStep['name'] {
  if (!made.begun) return 'trigger';
  if (rollout !== null) return steps.at(-1)?.name ?? 'shadow';
  if (made.trainingSet === undefined) return 'training-set';
  if (candidate === null) return definition.script && !definition.script.search ? 'job' : 'sweep';
  if (made.evaluation === undefined) return 'evaluation';
  return made.approved ? 'shadow' : 'gate';
}

const dayMs = 86_400_000;
/** A month of event time: a model made from one more week is the same model. */
const defaultCooldownDays = 30;

/** Whether enough has happened in the world since the last run; without times nobody can say no. */
export function isCooledDown(
  policy: Pick<RetrainingPolicy, 'cooldownDays'>,
  last: number | null,
  now: number | null,
): boolean {
  if (last === null || now === null) return true;
  return now - last >= (policy.cooldownDays ?? defaultCooldownDays) * dayMs;
}

type StepPart = Pick<LoopStep, 'name' | 'state' | 'text'> & { readonly uri?: string | null };

/** The step that is under way takes the new text; another name ends it and begins the next. */
export function withStep(steps: readonly LoopStep[], part: StepPart, now: number): LoopStep[] {
  const { name, state, text } = part;
  const last = steps.at(-1);
  const isSame = last?.name === name;
  const before = isSame ? steps.slice(0, -1) : endSteps(steps, now);
  return [
    ...before,
    {
      name,
      state,
      text,
      uri: part.uri ?? (isSame ? (last?.uri ?? null) : null),
      startedAt: isSame ? (last?.startedAt ?? now) : now,
      finishedAt: state === 'done' || state === 'failed' ? now : null,
    },
  ];
}

const endSteps = (steps: readonly LoopStep[], now: number): LoopStep[] =>
  steps.map((step) => (step.finishedAt === null ? { ...step, state: 'done', finishedAt: now } : step));

/** What the model predicts, and what orders its rows. @throws when a policy says neither way of making one */
export function recipeOf({ sweep, script }: Pick<RetrainingPolicy, 'sweep' | 'script'>) {
  const recipe = sweep ?? script;
  if (!recipe) throw new Error('the policy has neither a sweep nor a script');
  return recipe;
}

const shown = (value: number): string => value.toPrecision(3);
const signed = (value: number): string => `${value > 0 ? '+' : ''}${shown(value)}`;

const compared = ({ meanDifference, interval }: Compared): string =>
  `difference ${signed(meanDifference)}, 95 % ${signed(interval[0] ?? 0)} to ${signed(interval[1] ?? 0)}`;

/** 7 of 10 trials done; then 12 of 27 repeats of the best. */
export function progressText({ trials, definition, confirmation }: Sweep): string {
  const done = trials.filter((trial) => trial.state !== 'running').length;
  const repeats = confirmation && `; ${confirmation.ended} of ${confirmation.repeats} repeats of the best`;
  const budget = definition.budget as SearchDefinition['budget'] | undefined;
  const all = budget ? budget.trials : definition.trials;
  return `${done}${all === undefined ? '' : ` of ${all}`} trials done${repeats ?? ''}`;
}

/** 10 trials: best is trees, error 2.05; the best 3 run again …: trial 4 (ridge) is chosen, 2.31 ± 0.21, … */
export function searchText({ trials, best, chosen, confirmation, definition: asked }: Sweep): string {
  const goals = asked.goals as SearchDefinition['goals'] | undefined;
  const measured = (value: number | null) => `${goals?.[0]?.metric ?? 'error'} ${shown(value ?? Number.NaN)}`;
  const found = best ? `: best is ${best.learner ?? `trial ${best.number}`}, ${measured(best.value)}` : '';
  const text = `${trials.length} trials${found}`;
  if (!chosen || !confirmation) return text;
  const { definition, trials: repeated } = confirmation;
  const own = repeated.find(({ number }) => number === chosen.number);
  const windows = definition.windows === null ? '' : ` on ${definition.windows} rolling windows`;
  const spread = `${shown(own?.mean ?? Number.NaN)} ± ${shown(own?.std ?? Number.NaN)}`;
  return `${text}; the best ${definition.top} run again with ${definition.seeds.length} seeds${windows}: trial ${chosen.number}${chosen.learner === null ? '' : ` (${chosen.learner})`} is chosen, ${spread} (${own?.reason ?? ''})`;
}

/** MAE 2.10 against champion 2.08, naive 2.05 over 235 rows. */
export function evaluationText({ metrics, champion, baseline, window }: Evaluation): string {
  const others = [
    champion && `champion ${shown(champion.metrics.mae ?? Number.NaN)}`,
    baseline && `naive ${shown(baseline.metrics.mae ?? Number.NaN)}`,
  ].filter(Boolean);
  const against = others.length > 0 ? ` against ${others.join(', ')}` : '';
  return `MAE ${shown(metrics.mae ?? Number.NaN)}${against} over ${window.rows} rows from ${window.from} to ${window.to}`;
}

/** A retrained model that does not even look better on the same rows cannot be proven better in traffic. */
export function isNotBetter({ metrics, champion }: Pick<Evaluation, 'metrics' | 'champion'>): boolean {
  return champion !== null && !((metrics.mae ?? Number.NaN) < (champion.metrics.mae ?? Number.NaN));
}

export function refusalText(evaluation: Evaluation, failedRules: readonly string[]): string {
  const { metrics, champion, againstChampion } = evaluation;
  const rules = failedRules.length > 0 ? ` (${failedRules.map((rule) => `rule '${rule}'`).join(', ')})` : '';
  if (champion === null || againstChampion?.verdict === 'candidate-better')
    return `MAE ${shown(metrics.mae ?? Number.NaN)}: the gate is not passed; refused${rules}`;
  const figures = `MAE ${shown(metrics.mae ?? Number.NaN)} against champion ${shown(champion.metrics.mae ?? Number.NaN)}`;
  return `${figures}: not better${againstChampion ? `, ${compared(againstChampion)}` : ''}; refused${rules}`;
}

/** INCONCLUSIVE: 12 of 60 pairs; hold. */
export function evidenceText({ evidence, policy }: Pick<Rollout, 'evidence' | 'policy'>): string {
  const wanted = typeof policy.minimumPairs === 'number' ? policy.minimumPairs : null;
  if (!evidence) return `INCONCLUSIVE: no pair${wanted === null ? '' : ` of ${wanted}`} yet; hold`;
  const { pairs, verdict } = evidence;
  if (wanted !== null && pairs < wanted) return `INCONCLUSIVE: ${pairs} of ${wanted} pairs; hold`;
  const isOpen = verdict === 'inconclusive';
  const word = isOpen ? 'INCONCLUSIVE' : verdict === 'candidate-better' ? 'BETTER' : 'WORSE';
  return `${word} after ${pairs} pairs, ${compared(evidence)}${isOpen ? '; hold' : ''}`;
}

const stageText = (stage: 'shadow' | 'canary', rollout: Pick<Rollout, 'evidence' | 'policy'>): string =>
  stage === 'shadow' ? evidenceText(rollout) : `answers a share of the traffic; ${evidenceText(rollout)}`;

const verdicts: Readonly<Partial<Record<Rollout['stage'], Verdict>>> = {
  promoted: 'promoted',
  'rolled-back': 'rolled-back',
  rejected: 'refused',
  expired: 'inconclusive',
};

/** Null while it is in shadow or canary. */
export const verdictOf = (stage: Rollout['stage']): Verdict | null => verdicts[stage] ?? null;

/** What came before the rollout, and the rollout's stages as steps with its own times. */
export function stepsOfRollout(
  before: readonly LoopStep[],
  rollout: Pick<Rollout, 'id' | 'timeline' | 'evidence' | 'policy' | 'stage' | 'candidate'>,
  now: number,
): LoopStep[] {
  const own = before.filter(({ name }) => name !== 'shadow' && name !== 'canary' && name !== 'decision');
  const uri = `rollout:${rollout.id}`;
  const stages = rollout.timeline.flatMap((entry, index): LoopStep[] => {
    if (entry.stage !== 'shadow' && entry.stage !== 'canary') return [];
    const next = rollout.timeline[index + 1];
    return [
      {
        name: entry.stage,
        state: next ? 'done' : 'waiting',
        text: next ? next.text : stageText(entry.stage, rollout),
        uri,
        startedAt: entry.at,
        finishedAt: next?.at ?? null,
      },
    ];
  });
  const steps = [...endSteps(own, now), ...stages];
  if (verdictOf(rollout.stage) === null) return steps;
  const text = `${rollout.candidate} ${rollout.stage}: ${rollout.timeline.at(-1)?.text ?? ''}`;
  return withStep(steps, { name: 'decision', state: 'done', text, uri }, now);
}
