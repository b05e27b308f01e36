/** Whether a column is distributed as in another version: counts by DuckDB, statistics and thresholds of our own. */
import type { Column, Expectation } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import { quoteName, quoteText } from '../../base/sql-text.ts';
import { chiSquareTest } from '../../base/statistics/chi-square.ts';
import { jensenShannonDistance } from '../../base/statistics/jensen-shannon.ts';
import { psi } from '../../base/statistics/psi.ts';
import type { Verdict } from './checks.ts';
import type { ThresholdInput } from './distribution-worker.ts';

type Distribution = Extract<Expectation, { kind: 'distribution' }>;

/** The field's conventional size of a change that matters; below it, a large sample would fail on trifles. */
const noticeable = 0.1;
/** From so many rows on, chance alone stays far below `noticeable`. */
const manyRows = 5_000;
const bins = 10;
const categories = 50;
const worker = new URL('./distribution-worker.ts', import.meta.url);

export interface DistributionDependencies {
  readonly analytics: Pick<Analytics, 'query'>;
  readonly compute: Pick<Compute, 'compute'>;
}

interface Tables {
  readonly [name: string]: TableSource;
  readonly rows_: TableSource;
  readonly reference_: TableSource;
}

export async function judgeDistribution(
  { analytics, compute }: DistributionDependencies,
  expectation: Distribution,
  column: Column,
  tables: Tables,
): Promise<Verdict> {
  const method = expectation.method ?? 'psi';
  const value = valueSql(column);
  if (method === 'ks') {
    const { statistic, reference, rows } = await ksInSql(analytics, value, tables);
    if (reference === 0 || rows === 0) return nothing;
    return judge(compute, expectation, statistic, {
      method,
      proportions: new Float64Array(0),
      reference,
      rows,
    });
  }
  const bin = isMeasured(column)
    ? await binSql(analytics, value, tables)
    : await categorySql(analytics, value, tables);
  const counts = await countBins(analytics, bin, value, tables);
  const [reference, rows] = [total(counts.reference), total(counts.rows)];
  if (reference === 0 || rows === 0) return nothing;
  if (method === 'chiSquare') {
    const { pValue } = chiSquareTest(counts.reference, counts.rows);
    const least = expectation.threshold ?? expectation.alpha ?? defaultAlpha;
    return { passed: pValue >= least, observed: pValue, reason: `p-value, at least ${least} expected` };
  }
  const proportions = counts.reference.map((count) => count / reference);
  const shares = counts.rows.map((count) => count / rows);
  const statistic = method === 'js' ? jensenShannonDistance(proportions, shares) : psi(proportions, shares);
  return judge(compute, expectation, statistic, { method, proportions, reference, rows });
}

const defaultAlpha = 0.01;
const nothing: Verdict = { passed: false, observed: null, reason: 'there is no value to compare' };
const total = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0);
const isMeasured = ({ type }: Column): boolean => type !== 'text' && type !== 'boolean';

function valueSql({ name, type }: Column): string {
  const quoted = quoteName(name);
  if (type === 'double') return `case when isfinite(${quoted}) then ${quoted} end`;
  if (type === 'integer') return `cast(${quoted} as double)`;
  if (type === 'date' || type === 'timestamp')
    return `cast(epoch_ms(cast(${quoted} as timestamp)) as double)`;
  return `cast(${quoted} as varchar)`;
}

async function judge(
  compute: Pick<Compute, 'compute'>,
  { threshold, alpha = defaultAlpha, version }: Distribution,
  statistic: number,
  sample: Omit<ThresholdInput, 'alpha'>,
): Promise<Verdict> {
  const limit = threshold ?? Math.max(noticeable, await nullThreshold(compute, { ...sample, alpha }));
  const reason = `${sample.method} against ${sample.reference} rows of ${version}; ${round(limit)} is the threshold`;
  return { passed: statistic < limit, observed: statistic, reason };
}

const round = (value: number): number => Number(value.toPrecision(3));

async function nullThreshold(compute: Pick<Compute, 'compute'>, input: ThresholdInput): Promise<number> {
  if (Math.min(input.reference, input.rows) >= manyRows) return 0;
  return compute.compute<number>({ module: worker, name: 'nullThreshold', input });
}

/** Bins at the deciles of the reference, as `psiBins` cuts them: the number of edges below a value. */
async function binSql(analytics: Pick<Analytics, 'query'>, value: string, tables: Tables): Promise<string> {
  const shares = Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins);
  const { rows } = await analytics.query({
    sql: `with v as (select ${value} as x from reference_), top as (select max(x) as t from v)
      select quantile_cont(x, [${shares.join(', ')}]) as cuts, max(x) as top, max(x) filter (where x < (select t from top)) as below from v`,
    tables,
  });
  const [found] = rows;
  const cuts = typeof found?.cuts === 'string' ? (JSON.parse(found.cuts) as number[]) : [];
  const { top, below } = found ?? {};
  if (typeof top !== 'number' || typeof below !== 'number') return '0';
  const edges = new Set(cuts.map((cut) => (cut < top ? cut : below)));
  return [...edges].map((edge) => `cast(${value} > cast(${edge} as double) as integer)`).join(' + ');
}

/** The most frequent values of the reference, and one bin for all others. */
async function categorySql(
  analytics: Pick<Analytics, 'query'>,
  value: string,
  tables: Tables,
): Promise<string> {
  const top = `select ${value} as x from reference_ where ${value} is not null group by 1 order by count(*) desc, 1 limit ${categories}`;
  const { rows } = await analytics.query({ sql: top, tables });
  const quoted = rows.map(({ x }) => quoteText(String(x)));
  return quoted.length === 0 ? '0' : `coalesce(list_position([${quoted.join(', ')}], ${value}), 0)`;
}

async function countBins(
  analytics: Pick<Analytics, 'query'>,
  bin: string,
  value: string,
  tables: Tables,
): Promise<{ reference: Float64Array; rows: Float64Array }> {
  const of = (table: string, isReference: number) =>
    `select ${bin} as bin, ${isReference} as r, count(*) as n from ${table} where ${value} is not null group by 1`;
  const { rows } = await analytics.query({
    sql: `${of('reference_', 1)} union all ${of('rows_', 0)}`,
    tables,
  });
  const found = [...new Set(rows.map((row) => Number(row.bin)))].sort((a, b) => a - b);
  const counts = (isReference: number) =>
    Float64Array.from(found, (at) =>
      Number(rows.find((row) => Number(row.bin) === at && row.r === isReference)?.n ?? 0),
    );
  return { reference: counts(1), rows: counts(0) };
}

/** The largest distance between the two empirical distribution functions. */
async function ksInSql(
  analytics: Pick<Analytics, 'query'>,
  value: string,
  tables: Tables,
): Promise<{ statistic: number; reference: number; rows: number }> {
  const { rows } = await analytics.query({
    sql: `with both_ as (select ${value} as x, 1 as r, 0 as w from reference_ union all select ${value}, 0, 1 from rows_),
      counts as (select x, sum(r) as r, sum(w) as w from both_ where x is not null group by x),
      sums as (select sum(r) over (order by x rows unbounded preceding) as r, sum(w) over (order by x rows unbounded preceding) as w from counts),
      totals as (select sum(r) as n, sum(w) as m from counts)
      select coalesce(n, 0) as n, coalesce(m, 0) as m, (select max(abs(cast(r as double) / n - cast(w as double) / m)) from sums) as d from totals`,
    tables,
  });
  const [found] = rows;
  return { statistic: Number(found?.d ?? 0), reference: Number(found?.n ?? 0), rows: Number(found?.m ?? 0) };
}
