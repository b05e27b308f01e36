import type {
  Confirmation,
  JobParameters,
  SearchDefinition,
  Sweep,
  SweepGoal,
  SweepState,
  SweepSummary,
  Trial,
} from '@tidemill/contract';
import { errors } from '../../../base/errors.ts';
import type { CommandSpec } from '../../jobs/service.ts';
import { findFront } from '../search/pareto.ts';
import { parseSpace } from '../search/parse-space.ts';
import type { SearchTrial } from '../search/sampler.ts';
import type { Point, Space } from '../search/space.ts';

type OpenFields = 'name' | 'command' | 'warmStart' | 'register';

/** A search with nothing left open. */
export interface FullSearch extends Omit<Required<SearchDefinition>, OpenFields> {
  readonly name: string | null;
  readonly command: SearchDefinition['command'] | null;
  readonly warmStart: string | null;
  /** Sweeps from before there was one have none. */
  readonly register?: string | null;
}

export interface SearchRecord {
  readonly id: string;
  readonly workspace: string;
  readonly experimentId: string;
  readonly runId: string;
  readonly definition: FullSearch;
  /** What each trial runs, with its inputs pinned; null when trials are asked for from outside. */
  readonly command: CommandSpec | null;
  readonly status: SearchStatus;
  readonly error: string | null;
  readonly taskId: string | null;
  readonly modelVersion: string | null;
  readonly actor: string;
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly revision: number;
}

export type SearchStatus = Extract<SweepState, 'running' | 'stopped' | 'succeeded' | 'failed' | 'cancelled'>;

/** A trial with what only the search needs to know of it. */
export interface TrialRecord extends Trial {
  readonly generation: number | null;
  readonly lastValue: number | null;
  readonly lease: string | null;
  readonly leaseUntil: number | null;
  readonly lost: number;
  readonly revision: number;
}

export const isOver = ({ state }: Pick<Trial, 'state'>): boolean =>
  state !== 'running' && state !== 'waiting';
/** Whoever takes a trial and is not heard of again so often takes its parameters for the cause. */
export const mostLost = 3;

const defaultLeaseSeconds = 300;

/** @throws searchSpaceInvalid, sweepInvalid */
export function completeSearch(input: SearchDefinition): FullSearch {
  parseSpace(input.space);
  const { goals, budget, pruner = { type: 'none' } } = input;
  const invalid = (reason: string) => errors.sweepInvalid({ reason });
  if (Object.keys(budget).length === 0)
    throw invalid('its budget names neither trials nor seconds nor cost, so it would never end');
  if (new Set(goals.map(({ metric }) => metric)).size < goals.length)
    throw invalid('two of its goals have the same metric');
  if (goals.length > 1 && pruner.type !== 'none')
    throw invalid('trials are stopped early by one goal, and it has several; leave the pruner out');
  if (goals.length > 1 && input.register !== undefined)
    throw invalid('it has several goals, so no trial is the best; register one of its front afterwards');
  if (input.cache && !input.command)
    throw invalid(
      'only trials that are jobs can be taken from finished runs; leave the cache out, or give a command',
    );
  assertCommand(input);
  return {
    ...input,
    name: input.name ?? null,
    command: input.command ?? null,
    warmStart: input.warmStart ?? null,
    register: input.register ?? null,
    cache: input.cache ?? false,
    sampler: input.sampler ?? 'tpe',
    pruner,
    parallel: input.parallel ?? 2,
    seed: input.seed ?? 0,
    leaseSeconds: input.leaseSeconds ?? defaultLeaseSeconds,
  };
}

const placeholder = /\$\{([^}]*)\}/g;
/** Stands for all parameters. */
const isArgs = (word: string): boolean => /^\$\{args\}$/.test(word);

function assertCommand({ command, space }: SearchDefinition): void {
  for (const word of command?.command ?? [])
    for (const [, name = ''] of word.matchAll(placeholder))
      if (name === 'args' ? !isArgs(word) : name !== 'seed' && !(name in space))
        throw errors.sweepInvalid({
          reason:
            name === 'args'
              ? `'${word}' has \${args} within a word; let it stand alone`
              : `its command names \${${name}}, which the space does not have`,
        });
}

/** The words of a trial's command. A parameter that is null is left out of `${args}`; one called seed goes before the job's. */
export function toWords(
  template: readonly string[],
  parameters: JobParameters,
  seed: number | null,
): string[] {
  const values: JobParameters = { seed, ...parameters };
  const args = Object.entries(parameters).flatMap(([name, value]) =>
    value === null ? [] : [`--${name}=${value}`],
  );
  return template.flatMap((word) =>
    isArgs(word) ? args : [word.replace(placeholder, (_whole, name: string) => String(values[name] ?? ''))],
  );
}

/** The best first; among equals the earlier trial. */
export const rankTrials = <T extends Trial>(trials: readonly T[], goal: SweepGoal): T[] =>
  trials
    .filter(({ state, value }) => state === 'complete' && value !== null)
    .sort((a, b) => signOf(goal) * (Number(a.value) - Number(b.value)) || a.number - b.number);

const signOf = ({ direction }: SweepGoal): 1 | -1 => (direction === 'minimize' ? 1 : -1);

export const spaceOf = ({ space }: FullSearch): Space => parseSpace(space);

export const toSearchTrial = (trial: TrialRecord): SearchTrial => ({
  number: trial.number,
  state: trial.state,
  parameters: trial.parameters as Point,
  values: trial.values,
  lastReport: trial.lastStep === null ? null : { step: trial.lastStep, value: trial.lastValue ?? Number.NaN },
  generation: trial.generation,
});

/** The budget that is used up, in words; null while there is some left. */
export function spentBudget(
  { definition: { budget }, createdAt }: SearchRecord,
  trials: readonly Trial[],
  now: number,
): string | null {
  const own = trials.filter(({ source }) => source === null);
  const cost = own.reduce((sum, trial) => sum + (trial.cost ?? 0), 0);
  if (budget.trials !== undefined && own.length >= budget.trials) return `${budget.trials} trials`;
  if (budget.seconds !== undefined && now - createdAt >= budget.seconds * 1000)
    return `${budget.seconds} seconds`;
  if (budget.cost !== undefined && cost >= budget.cost) return `a cost of ${budget.cost}`;
  return null;
}

const isBetter = (a: number, b: number, { direction }: SweepGoal): boolean =>
  direction === 'minimize' ? a < b : a > b;

/** Of the first goal; among equals the earlier trial. */
export function bestOf(trials: readonly Trial[], [goal]: readonly SweepGoal[]): Trial | null {
  return (goal && rankTrials(trials, goal)[0]) ?? null;
}

function frontOf(trials: readonly Trial[], goals: readonly SweepGoal[]): number[] {
  const complete = trials.flatMap(({ number, state, values }) =>
    state === 'complete' && values !== null ? [{ number, values }] : [],
  );
  return findFrontOf(complete, goals);
}

/** Of complete trials, those that no other one beats in all goals; none where there is but one goal. */
export function findFrontOf(
  complete: readonly { readonly number: number; readonly values: readonly number[] }[],
  goals: readonly SweepGoal[],
): number[] {
  if (goals.length < 2) return [];
  const sign = goals.map(signOf);
  const losses = complete.map(({ values }) => values.map((value, i) => value * (sign[i] ?? 1)));
  return findFront(losses).flatMap((i) => complete[i]?.number ?? []);
}

export const partsOf = (record: SearchRecord) => {
  const { id, definition, status, error, runId, modelVersion, createdAt, endedAt } = record;
  return {
    ...{
      id,
      kind: 'space' as const,
      state: status,
      definition: { ...definition },
      runId,
      modelVersion,
      error,
    },
    ...{ createdAt, finishedAt: endedAt },
  };
};

export const countOf = (states: SweepSummary['states']): number =>
  Object.values(states).reduce((sum, count) => sum + count, 0);

export function toSummary(
  record: SearchRecord,
  found: Pick<SweepSummary, 'states' | 'chosen'> & { readonly best: TrialRecord | null },
): SweepSummary {
  const { best, states, chosen } = found;
  return { ...partsOf(record), trials: countOf(states), states, chosen, best: best && toTrial(best) };
}

export function toSweep(
  record: SearchRecord,
  trials: readonly TrialRecord[],
  confirmation: Confirmation | null,
): Sweep {
  const { definition } = record;
  const shown = trials.map(toTrial);
  return {
    ...partsOf(record),
    trials: shown,
    best: bestOf(shown, definition.goals),
    chosen: shown.find(({ number }) => number === confirmation?.chosen) ?? null,
    confirmation,
    front: frontOf(trials, definition.goals),
  };
}

export const toTrial = ({
  generation: _generation,
  lastValue: _lastValue,
  lease: _lease,
  leaseUntil: _leaseUntil,
  lost: _lost,
  revision: _revision,
  ...trial
}: TrialRecord): Trial => trial;

/** What a run says of a goal: its newest value, or the best on the way. */
export function goalValue(points: readonly number[], { use = 'last', ...goal }: SweepGoal): number | null {
  if (use === 'last') return points.at(-1) ?? null;
  const finite = points.filter((value) => !Number.isNaN(value));
  return finite.reduce<number | null>(
    (best, value) => (best === null || isBetter(value, best, goal) ? value : best),
    points.length > 0 && finite.length === 0 ? Number.NaN : null,
  );
}
