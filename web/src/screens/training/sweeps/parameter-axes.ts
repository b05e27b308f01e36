import type { Sweep, SweepGoal, Trial } from '@tidemill/sdk';
import type { ParallelAxis, ParallelRow } from '../../../components/parallel-options.ts';
import { goalValue } from './search-words.ts';

interface Parameter {
  readonly type?: string;
  readonly low?: number;
  readonly high?: number;
  readonly log?: boolean;
  readonly choices?: readonly unknown[];
}

/** One axis per parameter of a space, in its order. */
export const toAxes = (space: Readonly<Record<string, unknown>>): ParallelAxis[] =>
  Object.entries(space).map(([name, value]) => toAxis(name, value as Parameter));

function toAxis(name: string, { choices, low, high, log = false }: Parameter): ParallelAxis {
  if (choices) return { name, kind: 'category', categories: choices.map(String) };
  return {
    name,
    kind: log ? 'log' : 'value',
    ...(low !== undefined && { low }),
    ...(high !== undefined && { high }),
  };
}

/** A parameter as its axis takes it; null for what the trial has not, as its condition does not hold. */
export function cellOf({ parameters }: Trial, { name, kind }: ParallelAxis): number | string | null {
  const value = parameters[name] ?? null;
  if (kind === 'category') return name in parameters ? String(value) : null;
  return typeof value === 'number' ? value : null;
}

/** Complete trials as lines: parameters, then goals; the best of the first goal is the strongest. */
export function toParallel(
  { trials, definition: { space } }: Pick<Sweep, 'trials' | 'definition'>,
  goals: readonly SweepGoal[],
): { axes: ParallelAxis[]; rows: ParallelRow[] } {
  const parameters = toAxes(space as Readonly<Record<string, unknown>>);
  const complete = trials.filter((trial) => trial.state === 'complete' && goalValue(trial, 0) !== null);
  const ranked = sortByGoal(complete, goals[0]);
  const last = Math.max(1, ranked.length - 1);
  return {
    axes: [...parameters, ...goals.map(({ metric }) => ({ name: metric, kind: 'value' as const }))],
    rows: ranked.map((trial, rank) => ({
      name: `trial ${trial.number}`,
      cells: [
        ...parameters.map((axis) => cellOf(trial, axis)),
        ...goals.map((_goal, index) => goalValue(trial, index)),
      ],
      weight: 1 - rank / last,
    })),
  };
}

/** The best first. */
function sortByGoal(trials: readonly Trial[], goal: SweepGoal | undefined): Trial[] {
  const sign = goal?.direction === 'maximize' ? -1 : 1;
  return trials.toSorted(
    (first, second) => sign * ((goalValue(first, 0) ?? 0) - (goalValue(second, 0) ?? 0)),
  );
}

export interface Slice {
  readonly points: readonly (readonly [number, number])[];
  readonly names: readonly string[];
}

/** One goal by one parameter; a word stands at its place in the axis. */
export function toSlice(trials: readonly Trial[], axis: ParallelAxis, goal: number): Slice {
  const found = trials.flatMap((trial) => {
    const cell = cellOf(trial, axis);
    const value = goalValue(trial, goal);
    const place = typeof cell === 'string' ? (axis.categories ?? []).indexOf(cell) : cell;
    return place === null || place < 0 || value === null
      ? []
      : [{ point: [place, value] as const, name: `trial ${trial.number}` }];
  });
  return { points: found.map(({ point }) => point), names: found.map(({ name }) => name) };
}
