import type { ColumnProfile } from '@tidemill/contract';
import type { KeptProfile } from './rules.ts';

type Sized = Omit<KeptProfile, 'computedAt' | 'seconds'>;

/** Bytes of JSON. */
export const mostBytes = 950_000;

type Cut = (profile: Sized) => Sized;

const sizeOf = (profile: Sized): number => Buffer.byteLength(JSON.stringify(profile));

/** What a column of a very wide table keeps: one line of figures, six digits each. */
function basics(profile: ColumnProfile): ColumnProfile {
  const { column, type, kind, count, nulls, distinct, minimum, maximum, mean, standardDeviation } = profile;
  return {
    column,
    type,
    kind,
    count,
    nulls,
    distinct,
    minimum: short(minimum),
    maximum: short(maximum),
    mean: digits(mean),
    standardDeviation: digits(standardDeviation),
  };
}

const digits = (value: number | null): number | null =>
  value === null ? null : Number(value.toPrecision(6));
const short = (value: number | string | null): number | string | null =>
  typeof value === 'number' ? digits(value) : value === null ? null : value.slice(0, 30);

/**
 * The profile below `limit` bytes, whatever the table: details go first, of the last columns first, then what is
 * bounded anyway, then columns. What is gone stands in `leftOut`.
 */
export function fitted(profile: Sized, limit = mostBytes): Sized {
  if (sizeOf(profile) <= limit) return profile;
  const detailed = most(profile.columns.length, (kept) => sizeOf(withDetails(profile, kept)) <= limit);
  if (detailed > 0) return withDetails(profile, detailed);
  const cuts: readonly Cut[] = [
    (p) => leaving({ ...p, interactions: [] }, 'interactions'),
    (p) => leaving({ ...p, sample: { head: [], tail: [] } }, 'first and last rows'),
    (p) =>
      leaving({ ...p, duplicates: p.duplicates && { ...p.duplicates, top: [] } }, 'the rows that repeat'),
    (p) => leaving({ ...p, series: null }, 'time series'),
    (p) => leaving({ ...p, missing: null }, 'patterns of missing values'),
    (p) => leaving({ ...p, correlations: null }, 'correlations'),
    (p) => leaving({ ...p, warnings: p.warnings.slice(0, 50) }, 'warnings after the first 50'),
  ];
  let cut = withDetails(profile, 0);
  for (const next of cuts) {
    if (sizeOf(cut) <= limit) return cut;
    cut = next(cut);
  }
  if (sizeOf(cut) <= limit) return cut;
  const listed = most(cut.columns.length, (kept) => sizeOf(withColumns(cut, kept)) <= limit);
  return withColumns(cut, listed);
}

const leaving = (profile: Sized, what: string): Sized => ({
  ...profile,
  leftOut: [...profile.leftOut, `${what}: the table is too wide`],
});

function withDetails(profile: Sized, kept: number): Sized {
  const columns = profile.columns.map((column, i) => (i < kept ? column : basics(column)));
  return leaving({ ...profile, columns }, `details of the columns after the first ${kept}`);
}

function withColumns(profile: Sized, kept: number): Sized {
  const columns = profile.columns.slice(0, kept);
  return leaving({ ...profile, columns }, `the columns after the first ${kept}`);
}

/** The largest number up to `limit` that holds; what holds for one holds for all below it. */
function most(limit: number, holds: (value: number) => boolean): number {
  let [low, high] = [0, limit];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
