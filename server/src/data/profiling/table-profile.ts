import type { Column, ColumnProfile } from '@tidemill/contract';
import type { Analytics, Cell, TableSource } from '../../adapters/analytics/analytics.ts';
import { quoteName } from '../../base/sql-text.ts';
import { type KeptProfile, kindOf, profileRevision } from './rules.ts';

const bins = 20;
const topValues = 10;
/** Planning time grows with the square of what one select computes, so wide tables are described in slices. */
const columnsAtOnce = 16;
/** Squares and sums of larger numbers overflow, and then DuckDB gives up the whole query. */
const summable = '1e150';

type Facts = Readonly<Record<string, Cell>>;

const isNumeric = ({ type }: Column): boolean => type === 'integer' || type === 'double';

/** NaN and infinities are values, but nothing can be said of them in a mean or a histogram. */
const finite = (column: Column): string => {
  const name = quoteName(column.name);
  return column.type === 'double' ? `case when isfinite(${name}) then ${name} end` : name;
};

function basicFacts(column: Column, i: number): string[] {
  const name = quoteName(column.name);
  const facts = [`count(${name}) as count${i}`, `count(distinct ${name}) as distinct${i}`];
  if (column.type === 'boolean') return facts;
  // The nearest double, as an integer may be too large for an exact number.
  const [before, after] = isNumeric(column) ? ['cast(', ' as double)'] : ['', ''];
  const extreme = (which: 'min' | 'max') => `${before}${which}(${finite(column)})${after} as ${which}${i}`;
  return [...facts, extreme('min'), extreme('max')];
}

function numericFacts(column: Column, i: number): string[] {
  const value = `cast(${finite(column)} as double)`;
  const isSummable = `abs(${value}) < ${summable}`;
  const sum = (aggregate: string) =>
    `case when bool_and(${isSummable}) then ${aggregate}(${value}) filter (where ${isSummable}) end`;
  return [
    `${sum('avg')} as mean${i}`,
    `${sum('stddev_samp')} as deviation${i}`,
    ...[0.25, 0.5, 0.75].map((share, k) => `quantile_cont(${value}, ${share}) as quartile${i}_${k}`),
  ];
}

/** One pass for everything that is one number per column. */
function factsSql(columns: readonly Column[]): string {
  const facts = columns.flatMap((column, i) => [
    ...basicFacts(column, i),
    ...(isNumeric(column) ? numericFacts(column, i) : []),
  ]);
  return `select count(*) as total${facts.map((fact) => `, ${fact}`).join('')} from rows_`;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

const rangeOf = (facts: Facts, i: number): Range | null => {
  const low = facts[`min${i}`];
  const high = facts[`max${i}`];
  return typeof low === 'number' && typeof high === 'number' ? { low, high } : null;
};

/** A second pass: rows per bin, and the most frequent texts, as (column, value, count). */
function countsSql(columns: readonly Column[], facts: Facts): string | null {
  const parts = columns.flatMap((column, i) => {
    const range = isNumeric(column) ? rangeOf(facts, i) : null;
    if (range) return [binsSql(column, i, range)];
    return column.type === 'text' || column.type === 'boolean' ? [topSql(column, i)] : [];
  });
  return parts.length > 0 ? parts.map((part) => `(${part})`).join(' union all ') : null;
}

function binsSql(column: Column, i: number, { low, high }: Range): string {
  const value = finite(column);
  const width = (high - low) / bins;
  const usable = width > 0 && Number.isFinite(width);
  const bin = usable
    ? `cast(least(${bins - 1}, floor((cast(${value} as double) - ${low}) / ${width})) as integer)`
    : '0';
  return `select ${i} as col, cast(${bin} as varchar) as value, count(*) as n from rows_ where ${value} is not null group by 2`;
}

function topSql(column: Column, i: number): string {
  const name = quoteName(column.name);
  return `select ${i} as col, cast(${name} as varchar) as value, count(*) as n from rows_ where ${name} is not null group by 2 order by n desc, value limit ${topValues}`;
}

type Count = { value: string; count: number };

function histogram(range: Range | null, counts: readonly Count[]): ColumnProfile['histogram'] {
  if (!range) return null;
  const { low, high } = range;
  const usable = (high - low) / bins > 0 && Number.isFinite(high - low);
  const size = usable ? bins : 1;
  const edges = Array.from({ length: size + 1 }, (_, k) =>
    k === size ? high : low + ((high - low) * k) / size,
  );
  const filled = Array.from({ length: size }, () => 0);
  for (const { value, count } of counts) filled[Number(value)] = count;
  return { edges, counts: filled };
}

const numberOf = (cell: Cell | undefined): number | null =>
  typeof cell === 'number' && Number.isFinite(cell) ? cell : null;

function columnProfile(column: Column, i: number, facts: Facts, counts: readonly Count[]): ColumnProfile {
  const total = numberOf(facts.total) ?? 0;
  const count = numberOf(facts[`count${i}`]) ?? 0;
  const quartiles = [0, 1, 2].map((k) => numberOf(facts[`quartile${i}_${k}`]));
  const extreme = (cell: Cell | undefined) => (typeof cell === 'boolean' ? null : (cell ?? null));
  return {
    column: column.name,
    type: column.type,
    kind: kindOf(column, count, numberOf(facts[`distinct${i}`]) ?? 0),
    count,
    nulls: total - count,
    distinct: numberOf(facts[`distinct${i}`]) ?? 0,
    minimum: extreme(facts[`min${i}`]),
    maximum: extreme(facts[`max${i}`]),
    mean: numberOf(facts[`mean${i}`]),
    standardDeviation: numberOf(facts[`deviation${i}`]),
    quartiles: quartiles.every((value) => value !== null) ? quartiles : null,
    histogram: isNumeric(column) ? histogram(rangeOf(facts, i), counts) : null,
    top: isNumeric(column) ? [] : [...counts],
  };
}

/**
 * What each column holds: present and distinct values, extremes, mean, sample standard deviation, quartiles
 * (interpolated), a histogram of 20 equal bins for numbers and the ten most frequent values of texts and booleans.
 * Numbers are of finite values only; mean and deviation are null where values are too large to be squared.
 */
export async function profileTable(
  analytics: Analytics,
  table: TableSource,
  version: { digest: string; bytes: number; columns: readonly Column[] },
  computedAt: number,
): Promise<KeptProfile> {
  const columns: ColumnProfile[] = [];
  let rows = 0;
  for (let start = 0; start < version.columns.length; start += columnsAtOnce) {
    const slice = await profileSlice(analytics, table, version.columns.slice(start, start + columnsAtOnce));
    rows = slice.rows;
    columns.push(...slice.columns);
  }
  return {
    digest: version.digest,
    revision: profileRevision,
    computedAt,
    seconds: 0,
    rows,
    cells: rows * columns.length,
    missingCells: columns.reduce((sum, { nulls }) => sum + nulls, 0),
    bytes: version.bytes,
    memoryBytes: null,
    kinds: [],
    duplicates: null,
    warnings: [],
    columns,
    correlations: null,
    missing: null,
    interactions: [],
    series: null,
    sample: { head: [], tail: [] },
    leftOut: [],
  };
}

async function profileSlice(
  analytics: Analytics,
  table: TableSource,
  columns: readonly Column[],
): Promise<Pick<KeptProfile, 'rows' | 'columns'>> {
  const tables = { rows_: table };
  const { rows } = await analytics.query({ sql: factsSql(columns), tables });
  const facts = rows[0] ?? {};
  const sql = countsSql(columns, facts);
  const counted = sql ? (await analytics.query({ sql, tables })).rows : [];
  const countsOf = (i: number): Count[] =>
    counted
      .filter((row) => row.col === i)
      .map((row) => ({ value: String(row.value), count: Number(row.n) }))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  return {
    rows: numberOf(facts.total) ?? 0,
    columns: columns.map((column, i) => columnProfile(column, i, facts, countsOf(i))),
  };
}
