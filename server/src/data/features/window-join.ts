/**
 * The point-in-time join of a view with aggregations. An entity row at time T aggregates the events of its keys in
 * (T − window, T] as they were known at T.
 *
 * Events in their last version and entity rows stand in one series per key, and every aggregation is a frame over it:
 * the work grows with rows and events, not with their product. Only rows at whose T some event of the longest window
 * was not known yet in its last version are taken out and compared, one by one, with the versions of their key nearby.
 *
 * Frames add doubles in an order of their own. Where that matters the series is walked through instead (`window-sums.ts`).
 */
import type { Aggregation, Column } from '@tidemill/contract';
import type { SealedEngine, SealedSelect } from '../../adapters/analytics/analytics.ts';
import { durationMs } from '../../base/duration.ts';
import { quoteName } from '../../base/sql-text.ts';
import { everyEvent } from './aggregations.ts';
import { elementSql } from './online/values.ts';
import { dropAll, type JoinRules, keysSql, rowColumn, timeColumn } from './view-join.ts';
import { noRow, type Summed, windowSums } from './window-sums.ts';

export interface AggregatedView {
  readonly keys: readonly string[];
  readonly eventTime: string;
  readonly createdTime: string | null;
  readonly aggregations: readonly Aggregation[];
  /** The columns that they read; of versions equal in all else the one with the greater values counts, in this order. */
  readonly inputs: readonly Column[];
  /** Aggregations by name, and what they are called in the result. */
  readonly features: readonly { readonly name: string; readonly as: string }[];
}

interface Taken extends Omit<Aggregation, 'window'> {
  readonly as: string;
  /** What it is called until then. */
  readonly f: string;
  /** Microseconds. */
  readonly width: number;
  /** Its column among the events. */
  readonly input: string;
  readonly type: Column['type'];
}

/** Later than every time there is, in microseconds. */
const never = '9223372036854775807';
const row = quoteName(rowColumn);
const time = quoteName(timeColumn);

/** Adds the view's aggregations to the engine's table `_rows`; the order of its rows may change. */
export async function joinWindows(
  engine: SealedEngine,
  view: AggregatedView,
  rows: SealedSelect,
  rules: JoinRules,
): Promise<void> {
  const { inputs } = view;
  const taken = takenOf(view);
  const framed = taken.filter((each) => !isSummed(each));
  const summed = taken.filter(isSummed);
  const widest = Math.max(...taken.map(({ width }) => width));
  const isKnown = view.createdTime !== null && rules.bitemporal;
  await engine.run(keysSql(view.keys));
  await engine.run(askedSql(view));
  await engine.run(eventsSql(view, rows, inputs, rules));
  await engine.run(versionsSql(view, inputs.length, isKnown));
  await engine.run(framesSql(framed, inputs.length, isKnown ? widest : null));
  if (summed.length > 0) await walkSums(engine, summed, isKnown ? widest : null);
  if (isKnown) await compareLate(engine, framed, widest);
  await engine.run(extendedSql(taken, rules));
  await dropAll(engine, ['_rows', '_keys', '_asked', '_events', '_versions', '_windows', '_sums']);
  await engine.run('alter table _extended rename to _rows');
}

function takenOf({ aggregations, inputs, features }: AggregatedView): Taken[] {
  return features.map(({ name, as }, f) => {
    const found = aggregations.find((each) => each.name === name);
    if (!found) throw new Error(`no aggregation is called ${name}`);
    const i = inputs.findIndex((input) => input.name === found.column);
    const input = found.column === everyEvent ? 'k' : `v${i}`;
    const { window, ...rest } = found;
    const type = inputs[i]?.type ?? 'integer';
    return { ...rest, as, f: `f${f}`, width: durationMs(window) * 1000, input, type };
  });
}

/** Whole numbers have one sum, in whatever order. */
const isSummed = (each: Taken): each is Taken & { function: Summed } =>
  each.function === 'mean' || each.function === 'std' || (each.function === 'sum' && each.type === 'double');

const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `v${i}`);

const askedSql = ({ keys }: AggregatedView): string => `
  create temp table _asked as
  select r.${row} as r, k.k, epoch_us(r.${time}) as t
  from _rows r join _keys k on ${keys.map((key, i) => `r.${quoteName(key)} = k.j${i}`).join(' and ')}
  where isfinite(r.${time})`;

/** Events of our keys that are not later than every T. */
function eventsSql(
  view: AggregatedView,
  { columns, from }: SealedSelect,
  inputs: readonly Column[],
  { asOf }: JoinRules,
): string {
  const at = (name: string) => `g.c${columns.findIndex((column) => column.name === name)}`;
  const event = `cast(${at(view.eventTime)} as timestamp)`;
  const created = view.createdTime === null ? null : `cast(${at(view.createdTime)} as timestamp)`;
  const times = created === null ? [event] : [event, created];
  const join = view.keys.map((key, i) => `${at(key)} = k.j${i}`).join(' and ');
  const values = inputs.map(({ name, type }, i) => `${sayable(at(name), type)} as v${i}`);
  const conditions = [
    ...times.map((each) => `isfinite(${each})`),
    `epoch_us(${event}) <= (select max(t) from _asked)`,
    ...(asOf === null ? [] : times.map((each) => `epoch_us(${each}) <= ${BigInt(Math.trunc(asOf)) * 1000n}`)),
  ];
  return `create temp table _events as
    select ${['k.k', `epoch_us(${event}) as e`, `epoch_us(${created ?? event}) as c`, ...values].join(', ')}
    from ${from} g join _keys k on ${join} where ${conditions.join(' and ')}`;
}

/** What JSON cannot say is no value; there is one zero, and whole numbers may stand for doubles. */
function sayable(column: string, type: Column['type']): string {
  if (type === 'double')
    return `case when ${column} = 0 then 0.0::double
      when isfinite(cast(${column} as double)) then cast(${column} as double) end`;
  return type === 'date' || type === 'timestamp'
    ? `case when isfinite(${column}) then ${column} end`
    : column;
}

/** Each version of an event with the times from which, and until which, it is what is known of it. */
function versionsSql(view: AggregatedView, inputs: number, isKnown: boolean): string {
  if (view.createdTime === null)
    return `create temp table _versions as select *, e as since, ${never} as until from _events`;
  const order = ['c', ...numbered(inputs).map((each) => `${each} desc nulls last`)];
  const first = `qualify row_number() over (partition by k, e, c order by ${order.join(', ')}) = 1`;
  return `create temp table _versions as
    select * from (
      select *, ${isKnown ? 'greatest(e, c)' : 'e'} as since,
        coalesce(lead(c) over (partition by k, e order by c), ${never}) as until
      from (select * from _events ${first}))
    where ${isKnown ? 'until > e' : `until = ${never}`}`;
}

/**
 * One frame per window over events and rows in the order of time; `late` counts the events not known in full at T.
 * @param widest of all windows; null where everything is known in time
 */
function framesSql(framed: readonly Taken[], inputs: number, widest: number | null): string {
  const nothing = numbered(inputs).map((each) => `null as ${each}`);
  const select = (parts: readonly string[], from: string) => `select ${parts.join(', ')} from ${from}`;
  const edges = widest === null ? [] : [['e', 1] as const, [`least(since, e + ${widest})`, -1] as const];
  const series = [
    select(
      ['k', 'e as t', 'null::bigint as r', 'true as ev', '0 as d', ...numbered(inputs)],
      `_versions where until = ${never}`,
    ),
    select(['k', 't', 'r', 'null as ev', '0 as d', ...nothing], '_asked'),
    ...edges.map(([at, d]) =>
      select(
        ['k', `${at} as t`, 'null as r', 'null as ev', `${d} as d`, ...nothing],
        `_versions where until = ${never} and since > e`,
      ),
    ),
  ];
  const features = framed.map((each) => `${overWindow(each)} as ${each.f}`);
  const late =
    widest === null
      ? '0 as late'
      : 'sum(d) over (partition by k order by t range between unbounded preceding and current row) as late';
  return `create temp table _windows as
    select * exclude (late, k, t), k, t, late from (
      select ${['r', 'k', 't', ...features, late].join(', ')} from (${series.join(' union all ')}))
    where r is not null`;
}

/** A row at whose time some event was known otherwise is a key of its own, with the events as they were known to it. */
async function walkSums(
  engine: SealedEngine,
  summed: readonly (Taken & { readonly function: Summed })[],
  widest: number | null,
): Promise<void> {
  const inputs = [...new Map(summed.map(({ input, type }) => [input, type]))];
  const values = (of: string) => inputs.flatMap(([input, type]) => asDoubles(`${of}${input}`, type));
  const nothing = inputs.flatMap(() => ["'nan'::double", '0::double']);
  const series = [
    ['k', 'e as t', `${noRow} as r`, ...values(''), `_versions where until = ${never}`],
    ['k', 't', 'r', ...nothing, '_windows where late = 0'],
    ...(widest === null
      ? []
      : [
          ['-1 - a.r', 'v.e', `${noRow}`, ...values('v.'), `${lateSql(widest, 'join')}`],
          ['-1 - r', 't', 'r', ...nothing, '_windows where late > 0'],
        ]),
  ].map((parts) => `select ${parts.slice(0, -1).join(', ')} from ${parts.at(-1)}`);
  const places = inputs.map(([input]) => input);
  const wanted = summed.map(({ input, ...each }) => ({ ...each, input: places.indexOf(input) }));
  await engine.walk(
    {
      sql: `select * from (${series.join(' union all ')}) order by k, t, r`,
      table: '_sums',
      columns: { r: 'integer', ...Object.fromEntries(summed.map(({ f }) => [f, 'double' as const])) },
    },
    windowSums(wanted, inputs.length),
  );
}

/** The value as a double, and what a whole number is more than that. */
function asDoubles(value: string, type: Column['type']): string[] {
  const double = `cast(${value} as double)`;
  const rest = `cast(cast(${value} as hugeint) - cast(${double} as hugeint) as double)`;
  return [`coalesce(${double}, 'nan')`, type === 'integer' ? `coalesce(${rest}, 0)` : '0::double'];
}

/**
 * Rows `a` at whose time an event was not known yet, or known otherwise, with the versions `v` that they know. A window
 * touches two stretches of its own length: versions of others need not be looked at.
 */
function lateSql(widest: number, join: 'join' | 'left join'): string {
  const bucket = (at: string) => `${at} // ${widest}`;
  return `(select r, k, t, unnest([${bucket('t')}, ${bucket('t')} - 1]) as b from _windows where late > 0) a
    ${join} _versions v on v.k = a.k and ${bucket('v.e')} = a.b
      and v.e <= a.t and v.e > a.t - ${widest} and v.since <= a.t and v.until > a.t`;
}

function overWindow(each: Taken): string {
  const { width, input } = each;
  const over = `over (partition by k order by t range between ${width - 1} preceding and current row)`;
  return finished(each, `${aggregate(each, input === 'k' ? 'ev' : input, 't')} ${over}`);
}

/** Of several newest values at one time the greater comes first. */
function aggregate({ function: how, k = 1 }: Taken, value: string, at: string): string {
  const dated = `case when ${value} is not null then {'t': ${at}, 'v': ${value}} end`;
  switch (how) {
    case 'distinct':
      return `count(distinct ${value})`;
    case 'last':
      return k > 1 ? `max(${dated}, ${k})` : `max(${dated})`;
    default:
      return `${how}(${value})`;
  }
}

function finished({ function: how, k = 1, type }: Taken, value: string): string {
  if (how === 'sum' && type === 'integer') return `cast(${value} as bigint)`;
  if (how !== 'last') return value;
  if (k <= 1) return `(${value}).v`;
  const texts = `list_transform(${value}, lambda x: coalesce(${elementSql('x.v', type)}, 'null'))`;
  return `'[' || array_to_string(${texts}, ',') || ']'`;
}

async function compareLate(engine: SealedEngine, framed: readonly Taken[], widest: number): Promise<void> {
  const { rows } = await engine.query('select count(*) as n from _windows where late > 0');
  if (framed.length === 0 || Number(rows[0]?.n) === 0) return;
  const features = framed.map((each) => {
    const value = each.input === 'k' ? 'v.e' : `v.${each.input}`;
    const filter = `filter (where v.e > a.t - ${each.width})`;
    return `${finished(each, `${aggregate(each, value, 'v.e')} ${filter}`)} as ${each.f}`;
  });
  await engine.run(`
    create temp table _compared as
    select ${['a.r', ...features, 'a.k', 'a.t', '0 as late'].join(', ')}
    from ${lateSql(widest, 'left join')}
    group by a.r, a.k, a.t`);
  await engine.run('delete from _windows where late > 0');
  await engine.run('insert into _windows select * from _compared');
  await engine.run('drop table _compared');
}

function extendedSql(taken: readonly Taken[], { statusAs }: JoinRules): string {
  const values = taken.map((each) =>
    isSummed(each) ? `case when not isnan(s.${each.f}) then s.${each.f} end` : `w.${each.f}`,
  );
  const features = taken.map(({ as }, i) => `${values[i]} as ${quoteName(as)}`);
  const missing = values.map((value) => `${value} is null`).join(' and ') || 'false';
  const status = `case when f.since is null or f.since > w.t then 'NOT_FOUND'
    when ${missing} then 'NULL_VALUE' else 'PRESENT' end`;
  const columns = [
    'r.*',
    ...features,
    ...(statusAs === undefined ? [] : [`${status} as ${quoteName(statusAs)}`]),
  ];
  return `create temp table _extended as
    select ${columns.join(', ')}
    from _rows r left join _windows w on r.${row} = w.r
    ${taken.some(isSummed) ? `left join _sums s on r.${row} = s.r` : ''}
    left join (select k, min(since) as since from _versions group by k) f on f.k = w.k`;
}
