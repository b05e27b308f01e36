/** How each column changed: in how many rows, and its distribution on either side. */
import type { ColumnChange } from '@tidemill/contract';
import type { Analytics, Cell, TableSource } from '../../adapters/analytics/analytics.ts';
import { quoteText } from '../../base/sql-text.ts';
import { psi } from '../../base/statistics/psi.ts';
import { locator } from './located-table.ts';
import { type CommonColumn, sideValue } from './schema-diff.ts';

export interface ColumnChangesRequest {
  readonly common: readonly CommonColumn[];
  readonly key: readonly string[];
  /** The Parquet file that `findDifferences` wrote, and the tables it locates rows in. */
  readonly index: string;
  readonly restBefore: TableSource;
  readonly restAfter: TableSource;
  readonly changedRows: number;
  readonly before: { readonly table: TableSource; readonly rows: number };
  readonly after: { readonly table: TableSource; readonly rows: number };
  /** A Parquet file of this work's own. */
  readonly sampleFile: string;
}

/** Above so many rows quantiles and distances come from about so many of them; counts and means never do. */
const sampleRows = 100_000;
/** Wider tables get their counts of changed rows only. */
const mostDistributions = 200;
const levels = [0.05, 0.25, 0.5, 0.75, 0.95] as const;
const topValues = 20;
const psiBinCount = 10;

type Cells = Readonly<Record<string, Cell>>;
type Distribution = NonNullable<ColumnChange['distribution']>;

export async function describeColumnChanges(
  analytics: Analytics,
  request: ColumnChangesRequest,
): Promise<ColumnChange[]> {
  const { common } = request;
  if (common.length === 0) return [];
  const changed = await countChanged(analytics, request);
  const described = common.length <= mostDistributions ? await describeSides(analytics, request) : [];
  return common.map((column, i) => ({
    column: column.name,
    type: column.after,
    changedRows: changed[i] ?? 0,
    distribution: described[i] ?? null,
  }));
}

async function countChanged(
  analytics: Analytics,
  { common, key, index, restBefore, restAfter, changedRows }: ColumnChangesRequest,
): Promise<number[]> {
  if (changedRows === 0) return [];
  const counts = common.map((column, i) => {
    const differs = `${sideValue('b', column)} is distinct from ${sideValue('a', column)}`;
    return `count(*) filter (where ${key.includes(column.name) ? 'false' : differs}) as n${i}`;
  });
  const { rows } = await analytics.query({
    sql: `select ${counts.join(', ')} from (select before_at, after_at from found where kind = 2) f
      join before_ b on b.${locator} = f.before_at join after_ a on a.${locator} = f.after_at`,
    tables: {
      found: { paths: [index] },
      before_: restBefore,
      after_: restAfter,
    },
  });
  return common.map((_, i) => Number(rows[0]?.[`n${i}`] ?? 0));
}

/** Numbers and times lie on a line, so they have quantiles; the rest has values that are equal or not. */
const isOrdered = ({ as, after }: CommonColumn): boolean =>
  as === '' ? after !== 'text' && after !== 'boolean' : as !== 'varchar';
const isNumeric = ({ as, after }: CommonColumn): boolean =>
  as === '' ? after === 'integer' || after === 'double' : as === 'double';

const sampledValue = (column: CommonColumn): string =>
  isNumeric(column) ? `cast(${sideValue('t', column)} as double)` : sideValue('t', column);

async function describeSides(analytics: Analytics, request: ColumnChangesRequest): Promise<Distribution[]> {
  const { common, before, after, sampleFile } = request;
  const [old, fresh] = [
    await summarise(analytics, before.table, common),
    await summarise(analytics, after.table, common),
  ];
  const sampled = (table: string, rows: number, side: number) =>
    `select ${side} as side, ${common.map((column, i) => `${sampledValue(column)} as c${i}`).join(', ')} from ${table} t where ${condition(rows)}`;
  await analytics.copy({
    sql: `${sampled('before_', before.rows, 1)} union all ${sampled('after_', after.rows, 0)}`,
    tables: { before_: before.table, after_: after.table },
    to: sampleFile,
  });
  const isSampled = Math.max(before.rows, after.rows) > sampleRows;
  const found: Distribution[] = [];
  for (const [i, column] of common.entries()) {
    const measured = isOrdered(column)
      ? await compareOrdered(analytics, sampleFile, i, isNumeric(column))
      : await compareValues(analytics, sampleFile, i);
    found.push({
      nulls: { before: Number(old[`n${i}`]), after: Number(fresh[`n${i}`]) },
      mean: isNumeric(column) ? { before: toFinite(old[`m${i}`]), after: toFinite(fresh[`m${i}`]) } : null,
      ...measured,
      approximate: isSampled,
    });
  }
  return found;
}

/** Rows chosen by a hash of their place: the same ones each time, and no period of the table is met. */
function condition(rows: number): string {
  const every = Math.ceil(rows / sampleRows);
  return every > 1 ? `hash(${locator}) % ${every} = 0` : 'true';
}

async function summarise(
  analytics: Analytics,
  table: TableSource,
  common: readonly CommonColumn[],
): Promise<Cells> {
  const figures = common.flatMap((column, i) => {
    const value = sideValue('t', column);
    const mean = `avg(cast(${value} as double)) filter (where isfinite(cast(${value} as double))) as m${i}`;
    return [`count(*) - count(${value}) as n${i}`, ...(isNumeric(column) ? [mean] : [])];
  });
  if (figures.length === 0) return {};
  const { rows } = await analytics.query({
    sql: `select ${figures.join(', ')} from side t`,
    tables: { side: table },
  });
  return rows[0] ?? {};
}

type Measured = Pick<Distribution, 'quantiles' | 'psi' | 'distance' | 'measure'>;

async function compareOrdered(
  analytics: Analytics,
  sample: string,
  column: number,
  isNumber: boolean,
): Promise<Measured> {
  const tables = { sample: { paths: [sample] } };
  const values = `select side, c${column} as v from sample where c${column} is not null and isfinite(c${column})`;
  const quantile = isNumber ? 'quantile_cont' : 'quantile_disc';
  const shown = levels.map((level, i) => `${quantile}(v, ${level}) as q${i}`).join(', ');
  const cuts = Array.from(
    { length: psiBinCount - 1 },
    (_, i) => `quantile_disc(v, ${(i + 1) / psiBinCount}) as e${i}`,
  ).join(', ');
  const summary = await analytics.query({
    sql: `select side, ${shown}, ${cuts}, max(v) as top from (${values}) group by side`,
    tables,
  });
  const of = (side: number): Cells => summary.rows.find((row) => row.side === side) ?? {};
  const [before, after] = [of(1), of(0)];
  const quantiles = {
    levels: [...levels],
    before: levels.map((_, i) => before[`q${i}`] ?? null),
    after: levels.map((_, i) => after[`q${i}`] ?? null),
  };
  if (summary.rows.length < 2) return { quantiles, psi: null, distance: null, measure: 'ks' };
  // Bins hold what is at most their edge; nothing lies above the greatest value, so it is no edge.
  const edges = [...new Set(Array.from({ length: psiBinCount - 1 }, (_, i) => before[`e${i}`]))]
    .filter((edge) => edge !== before.top)
    .map((edge) => `v > ${literal(edge ?? null)}`);
  const bin = edges.map((condition) => `cast(${condition} as integer)`).join(' + ') || '0';
  const [bins, steps] = await Promise.all([
    countSides(analytics, sample, `select side, ${bin} as v from (${values})`, psiBinCount),
    analytics.query({
      sql: `select max(abs(b - a)) as d from (
        select sum(n1) over w / sum(n1) over () as b, sum(n0) over w / sum(n0) over () as a
        from (select v, count(*) filter (side = 1) as n1, count(*) filter (side = 0) as n0 from (${values}) group by v)
        window w as (order by v))`,
      tables,
    }),
  ]);
  return { quantiles, psi: psiOf(bins), distance: toFinite(steps.rows[0]?.d), measure: 'ks' };
}

/** Half the sum of the differences between the shares: the part of the rows that would have to change their value. */
async function compareValues(analytics: Analytics, sample: string, column: number): Promise<Measured> {
  const values = `select side, c${column} as v from sample where c${column} is not null`;
  const counts = await countSides(analytics, sample, values, topValues);
  const { rows } = await analytics.query({
    sql: `select sum(abs(n1 / t1 - n0 / t0)) / 2 as d from (
      select n1, n0, sum(n1) over () as t1, sum(n0) over () as t0
      from (select count(*) filter (side = 1) as n1, count(*) filter (side = 0) as n0 from (${values}) group by v))
      where t1 > 0 and t0 > 0`,
    tables: { sample: { paths: [sample] } },
  });
  return { quantiles: null, psi: psiOf(counts), distance: toFinite(rows[0]?.d), measure: 'total-variation' };
}

interface SideCounts {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** How often each of the most frequent values stands on either side; the rest together as one. */
async function countSides(
  analytics: Analytics,
  sample: string,
  values: string,
  limit: number,
): Promise<SideCounts> {
  const { rows } = await analytics.query({
    sql: `select sum(n1) as n1, sum(n0) as n0 from (
      select *, least(row_number() over (order by n1 + n0 desc, v), ${limit + 1}) as place
      from (select v, count(*) filter (side = 1) as n1, count(*) filter (side = 0) as n0 from (${values}) group by v))
      group by place order by place`,
    tables: { sample: { paths: [sample] } },
  });
  return { before: rows.map(({ n1 }) => Number(n1)), after: rows.map(({ n0 }) => Number(n0)) };
}

function psiOf({ before, after }: SideCounts): number | null {
  const shares = (counts: readonly number[]): Float64Array => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return Float64Array.from(counts, (count) => count / total);
  };
  const [expected, actual] = [shares(before), shares(after)];
  return [...expected, ...actual].every(Number.isFinite) && expected.length > 0
    ? psi(expected, actual)
    : null;
}

const toFinite = (cell: Cell | undefined): number | null =>
  typeof cell === 'number' && Number.isFinite(cell) ? cell : null;

/** A value that a query gave, as SQL; dates and times came as ISO 8601 text, which DuckDB casts by itself. */
const literal = (cell: Cell): string =>
  typeof cell === 'number' ? `cast('${cell}' as double)` : quoteText(String(cell));
