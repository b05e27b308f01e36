import type {
  ColumnDrift,
  ColumnProfile,
  Profile,
  ProfileComparison,
  ProfileWarning,
} from '@tidemill/contract';
import { psi } from '../../base/statistics/psi.ts';
import type { DriftFigures } from './figures/drift.ts';
import type { Categories } from './reading/drift.ts';

export interface Measured {
  readonly numbers: ReadonlyMap<string, DriftFigures | null>;
  readonly categories: ReadonlyMap<string, Categories | null>;
}

/** Two profiles beside each other; columns in the order of the later version, the removed ones last. */
export function compared(
  before: Profile,
  after: Profile,
  measured: Measured,
  approximate: boolean,
): ProfileComparison {
  const old = new Map(before.columns.map((column) => [column.column, column]));
  const fresh = new Map(after.columns.map((column) => [column.column, column]));
  const names = [...new Set([...fresh.keys(), ...old.keys()])];
  return {
    before,
    after,
    columns: names.map((name) =>
      driftOf(name, old.get(name), fresh.get(name), [before.rows, after.rows], measured),
    ),
    warningsAdded: warningsOnlyIn(after, before),
    warningsGone: warningsOnlyIn(before, after),
    approximate,
  };
}

function driftOf(
  column: string,
  before: ColumnProfile | undefined,
  after: ColumnProfile | undefined,
  [rowsBefore, rowsAfter]: readonly [number, number],
  { numbers, categories }: Measured,
): ColumnDrift {
  const share = (profile: ColumnProfile | undefined, rows: number) =>
    profile && rows > 0 ? profile.nulls / rows : null;
  const figures = numbers.get(column);
  const counted = categories.get(column);
  const measured = figures ? ofNumbers(figures) : counted ? ofCategories(counted) : unmeasured;
  return {
    column,
    change: changeOf(before, after),
    typeBefore: before?.type ?? null,
    typeAfter: after?.type ?? null,
    nullsBefore: share(before, rowsBefore),
    nullsAfter: share(after, rowsAfter),
    ...measured,
  };
}

type Measures = Pick<ColumnDrift, 'drift' | 'psi' | 'ks' | 'wasserstein' | 'bins'>;
const unmeasured: Measures = { drift: null, psi: null, ks: null, wasserstein: null, bins: null };

function changeOf(
  before: ColumnProfile | undefined,
  after: ColumnProfile | undefined,
): ColumnDrift['change'] {
  if (!before) return 'added';
  if (!after) return 'removed';
  if (before.type !== after.type) return 'retyped';
  const content = ({ bytes: _, ...profile }: ColumnProfile) => JSON.stringify(profile);
  return content(before) === content(after) ? 'same' : 'changed';
}

function ofNumbers({
  psi: value,
  psiBins,
  ks,
  wasserstein,
  edges,
  before,
  after,
  sizes,
}: DriftFigures): Measures {
  const isRare = ks.pValue < 0.001;
  const byDistance = isRare && ks.statistic >= 0.2 ? 2 : isRare && ks.statistic >= 0.1 ? 1 : 0;
  const level = Math.max(byDistance, levelOf(value, psiBins, sizes));
  return {
    drift: levels[level] ?? 'none',
    psi: value,
    ks,
    wasserstein,
    bins: { edges: [...edges], before: [...before], after: [...after] },
  };
}

const levels = ['none', 'small', 'large'] as const;

/**
 * 0.1 and 0.2 by Siddiqi's rule of thumb, but never below four times what two samples of one distribution of these
 * sizes show on average, (k - 1)(1/n + 1/m): a small table drifts from itself.
 */
function levelOf(value: number, bins: number, [before, after]: readonly [number, number]): 0 | 1 | 2 {
  const chance = 4 * (bins - 1) * (1 / before + 1 / after);
  if (value < Math.max(0.1, chance)) return 0;
  return value < 0.2 ? 1 : 2;
}

function ofCategories({ values, before, after }: Categories): Measures {
  const [n, m] = [before, after].map((counts) => counts.reduce((sum, count) => sum + count, 0));
  if (!n || !m) return unmeasured;
  const [expected, actual] = [before.map((count) => count / n), after.map((count) => count / m)];
  const value = psi(Float64Array.from(expected), Float64Array.from(actual));
  return {
    drift: levels[levelOf(value, values.length, [n, m])] ?? 'none',
    psi: value,
    ks: null,
    wasserstein: null,
    bins: { categories: [...values], before: expected, after: actual },
  };
}

function warningsOnlyIn({ warnings }: Profile, other: Profile): ProfileWarning[] {
  const name = ({ kind, columns }: ProfileWarning) => JSON.stringify([kind, columns]);
  const known = new Set(other.warnings.map(name));
  return warnings.filter((warning) => !known.has(name(warning)));
}
