/** How well each feature alone tells the label, in one grouped query each. */
import type { FeaturePower } from '@tidemill/contract';
import { quoteName } from '../../base/sql-text.ts';
import { ask, isNumber, isTime, type Pair, typeIn } from './tables.ts';

/** Above so many rows of the train, so many of them are looked at, always the same. */
export const mostJudged = 2_000_000;
const mostValues = 1000;
const fewestPerValue = 10;

type Measure = FeaturePower['measure'];
interface Label {
  readonly kind: 'binary' | 'number' | 'class';
  readonly sql: string;
}

/** The strongest first; a feature that cannot be judged is left out. */
export async function measurePowers(
  pair: Pair,
  columns: readonly string[],
  target: string,
  threshold: number,
): Promise<FeaturePower[]> {
  const label = await labelOf(pair, target);
  if (!label) return [];
  const found: FeaturePower[] = [];
  for (const feature of columns.filter((name) => name !== target)) {
    const measured = await measure(pair, feature, label);
    if (!measured) continue;
    found.push({ feature, ...measured, suspicious: measured.power >= threshold });
  }
  return found.sort((a, b) => b.power - a.power);
}

/** Null where all labels are one. */
async function labelOf(pair: Pair, target: string): Promise<Label | null> {
  const name = quoteName(target);
  const { rows } = await ask(
    pair,
    `select count(distinct ${name}) as n, cast(max(${name}) as varchar) as top from train`,
  );
  const [values, top] = [Number(rows[0]?.n ?? 0), String(rows[0]?.top)];
  if (values < 2) return null;
  if (values === 2) {
    const isTop = `cast(${name} as varchar) = '${top.replaceAll('\0', '').replaceAll("'", "''")}'`;
    return { kind: 'binary', sql: `cast(${isTop} as double)` };
  }
  const type = typeIn(pair.train, target);
  return isNumber(type)
    ? { kind: 'number', sql: `cast(${name} as double)` }
    : { kind: 'class', sql: `cast(${name} as varchar)` };
}

async function measure(
  pair: Pair,
  feature: string,
  label: Label,
): Promise<{ measure: Measure; power: number } | null> {
  const type = typeIn(pair.train, feature);
  const sample =
    pair.train.rows > mostJudged ? ` using sample reservoir(${mostJudged} rows) repeatable (1)` : '';
  const read = (x: string) =>
    `judged as (select ${x} as x, ${label.sql} as y from (select * from train${sample}) where ${label.sql} is not null)`;
  if (isNumber(type) || isTime(type)) {
    const value = isTime(type)
      ? `epoch_us(cast(${quoteName(feature)} as timestamp))`
      : `cast(${quoteName(feature)} as double)`;
    // Missing values count as lower than all others: that a value is missing may tell the label too.
    const x = `coalesce(cast(${value} as double), cast('-infinity' as double))`;
    if (label.kind === 'binary') return one(pair, 'auc', aucSql(read(x)));
    if (label.kind === 'number') return one(pair, 'spearman', spearmanSql(read(x)));
    return one(pair, 'correlation-ratio', ratioSql(`${read(`cast(${value} as double)`)}`, 'y', 'x'));
  }
  const x = `coalesce(cast(${quoteName(feature)} as varchar), '')`;
  if (!(await hasEnoughRows(pair, read(x)))) return null;
  if (label.kind === 'number') return one(pair, 'correlation-ratio', ratioSql(read(x), 'x', 'y'));
  return one(pair, 'majority', majoritySql(read(x)));
}

async function one(pair: Pair, measure: Measure, sql: string) {
  const value = (await ask(pair, sql)).rows[0]?.power;
  return typeof value === 'number' && Number.isFinite(value)
    ? { measure, power: Number(Math.min(1, Math.abs(value)).toFixed(12)) }
    : null;
}

/** A name of which each row has one of its own tells everything and means nothing. */
async function hasEnoughRows(pair: Pair, judged: string): Promise<boolean> {
  const { rows } = await ask(pair, `with ${judged} select count(distinct x) as n, count(*) as r from judged`);
  const [values, all] = [Number(rows[0]?.n ?? 0), Number(rows[0]?.r ?? 0)];
  return values > 1 && values <= mostValues && all >= values * fewestPerValue;
}

/** |2 AUC - 1|, ties half. */
const aucSql = (judged: string): string => `with ${judged},
  grouped as (select x, count(*) as n, sum(y) as p from judged group by x),
  ranked as (select n, p, coalesce(sum(n - p) over (order by x rows between unbounded preceding and 1 preceding), 0) as below from grouped)
  select 2 * sum(p * (below + (n - p) / 2.0)) / (sum(p) * sum(n - p)) - 1 as power from ranked`;

/** Correlation of the ranks, ties their mean. */
const spearmanSql = (judged: string): string => `with ${judged},
  ranked as (select rank() over (order by x) + (count(*) over (partition by x) - 1) / 2.0 as a,
    rank() over (order by y) + (count(*) over (partition by y) - 1) / 2.0 as b from judged)
  select corr(a, b) as power from ranked`;

/** Root of the share of the variance that lies between the groups. */
const ratioSql = (judged: string, group: string, value: string): string => `with ${judged},
  known as (select ${group} as g, ${value} as v from judged where ${value} is not null),
  grouped as (select count(*) as n, avg(v) as m from known group by g)
  select sqrt(sum(n * (m - (select avg(v) from known)) ** 2) / (select nullif(var_pop(v) * count(*), 0) from known)) as power from grouped`;

/** Of what naming the most frequent label leaves wrong, the share that naming that of each value puts right. */
const majoritySql = (judged: string): string => `with ${judged},
  cells as (select x, y, count(*) as n from judged group by x, y),
  right_each as (select sum(m) as n from (select max(n) as m from cells group by x)),
  right_all as (select max(n) as n from (select sum(n) as n from cells group by y)),
  total as (select count(*) as n from judged)
  select ((select n from right_each) - (select n from right_all)) / nullif((select n from total) - (select n from right_all), 0)::double as power`;
