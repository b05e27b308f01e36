/**
 * The point-in-time join of one view. An entity row at time T sees of the rows with its keys, with event time in
 * [T − ttl, T] and created at or before T, that of the newest event; of several the one created last; of rows equal in
 * that too the one with the greater values.
 *
 * The view is read twice. First its keys and times, with the entity rows put in one order: a walk through it finds the
 * version that each row sees, with no case that takes longer than another. Then the features, of those versions alone.
 */
import type { SealedEngine, SealedSelect } from '../../adapters/analytics/analytics.ts';
import { quoteName } from '../../base/sql-text.ts';
import { noRow, seenColumns, seenVersions } from './seen-versions.ts';

/** Columns of ours beside the user's; entities may not have them. */
export const rowColumn = 'tm__row';
export const timeColumn = 'tm__time';

export interface JoinedView {
  /** Columns of the view and of the entity rows. */
  readonly keys: readonly string[];
  readonly eventTime: string;
  readonly createdTime: string | null;
  readonly ttlMs: number | null;
  /** Columns of the view, and what they are called in the result. */
  readonly features: readonly { readonly name: string; readonly as: string }[];
}

export interface JoinRules {
  /** Whether a row counts only from when it was created. */
  readonly bitemporal: boolean;
  /** Milliseconds: what became known later does not count for anybody. */
  readonly asOf: number | null;
  /** A column that says why a row has no values. */
  readonly statusAs?: string | undefined;
}

const row = quoteName(rowColumn);
const time = quoteName(timeColumn);

const numbered = (count: number, letter: string): string[] =>
  Array.from({ length: count }, (_, i) => `${letter}${i}`);
const instant = (ms: number): string => `make_timestamp(${BigInt(Math.trunc(ms)) * 1000n})`;

/** Adds the view's features to the engine's table `_rows`; the order of its rows may change. */
export async function joinView(
  engine: SealedEngine,
  view: JoinedView,
  rows: SealedSelect,
  rules: JoinRules,
): Promise<void> {
  await engine.run(keysSql(view.keys));
  const sql = seriesSql(view, rows, rules, await rangeOf(engine));
  await engine.walk({ sql, table: '_seen', columns: seenColumns }, seenVersions());
  await engine.run(valuesSql(view, rows));
  await settleTies(engine, view.features.length);
  await engine.run(extendedSql(view, rules));
  await dropAll(engine, ['_rows', '_keys', '_seen', '_values']);
  await engine.run('alter table _extended rename to _rows');
}

export async function dropAll(engine: SealedEngine, tables: readonly string[]): Promise<void> {
  for (const table of tables) await engine.run(`drop table if exists ${table}`);
}

/** Each key of the entity rows as one number, so that composite and text keys cost no more than small ones. */
export const keysSql = (keys: readonly string[]): string => {
  const columns = keys.map((key, i) => `${quoteName(key)} as j${i}`).join(', ');
  const present = keys.map((key) => `${quoteName(key)} is not null`).join(' and ');
  return `create temp table _keys as select *, row_number() over () as k
    from (select distinct ${columns} from _rows where ${present} and ${time} is not null)`;
};

interface Range {
  readonly from: string | null;
  readonly to: string | null;
}

/** First and last T in microseconds. */
async function rangeOf(engine: SealedEngine): Promise<Range> {
  const { rows } = await engine.query(`
    select cast(epoch_us(min(${time})) as varchar) as "from", cast(epoch_us(max(${time})) as varchar) as "to",
      coalesce(bool_and(isfinite(${time})), false) as finite
    from _rows where ${time} is not null`);
  const [found] = rows;
  if (found?.finite !== true) return { from: null, to: null };
  return { from: String(found.from), to: String(found.to) };
}

const placeOf = (columns: SealedSelect['columns'], name: string): string =>
  `v.c${columns.findIndex((column) => column.name === name)}`;

const timeOf = (columns: SealedSelect['columns'], name: string): string =>
  `cast(${placeOf(columns, name)} as timestamp)`;

/** With keys as numbers, times and features. */
function viewSql(view: JoinedView, { columns, from }: SealedSelect) {
  const created = view.createdTime === null ? null : timeOf(columns, view.createdTime);
  const join = view.keys.map((key, i) => `${placeOf(columns, key)} = k.j${i}`).join(' and ');
  return { event: timeOf(columns, view.eventTime), created, from: `${from} v join _keys k on ${join}` };
}

/** What of the view can matter at all: rows neither newer than every T nor too old for each. */
function conditionsOf(
  view: JoinedView,
  { event, created }: { event: string; created: string | null },
  rules: JoinRules,
  range: Range,
): string[] {
  const until = [range.to && `make_timestamp(${range.to})`, rules.asOf !== null && instant(rules.asOf)];
  const bounds = until.filter((each) => typeof each === 'string');
  const conditions = [
    `${event} is not null`,
    ...bounds.map((bound) => `${event} <= ${bound}`),
    ...(created === null ? [] : [`${created} is not null`]),
    ...(created !== null && rules.bitemporal ? bounds.map((bound) => `${created} <= ${bound}`) : []),
    ...(created !== null && rules.asOf !== null ? [`${created} <= ${instant(rules.asOf)}`] : []),
  ];
  // A status tells too old from not there, for which the old ones must be seen.
  if (view.ttlMs !== null && range.from !== null && rules.statusAs === undefined)
    conditions.push(`${event} >= make_timestamp(${range.from}) - ${interval(view.ttlMs)}`);
  return conditions;
}

const interval = (ms: number): string => `to_microseconds(${BigInt(Math.round(ms)) * 1000n})`;
const never = "timestamp '-infinity'";

/** What `seenVersions` walks through. */
function seriesSql(view: JoinedView, rows: SealedSelect, rules: JoinRules, range: Range): string {
  const { event, created, from } = viewSql(view, rows);
  const counts = created !== null && rules.bitemporal ? `greatest(${event}, ${created})` : event;
  const conditions = conditionsOf(view, { event, created }, rules, range);
  const isAnyAge = view.ttlMs === null || rules.statusAs !== undefined;
  const oldest = isAnyAge ? never : `r.${time} - ${interval(view.ttlMs ?? 0)}`;
  const keys = view.keys.map((key, i) => `r.${quoteName(key)} = k.j${i}`).join(' and ');
  return `select k, r, e, c from (
      select k.k, ${noRow} as r, ${counts} as t, ${event} as e, ${created ?? never} as c
      from ${from} where ${conditions.join(' and ')}
      union all
      select k.k, r.${row}, r.${time}, ${oldest}, ${never}
      from _rows r join _keys k on ${keys} where r.${time} is not null)
    order by k, t, r`;
}

/** The features of each version that is seen, by the first row that sees it. */
function valuesSql(view: JoinedView, rows: SealedSelect): string {
  const { event, created, from } = viewSql(view, rows);
  const features = view.features.map(({ name }, i) => `${placeOf(rows.columns, name)} as f${i}`);
  const isVersion = [
    's.first = s.r',
    's.k = k.k',
    `s.e = ${event}`,
    ...(created ? [`s.c = ${created}`] : []),
  ];
  return `create temp table _values as
    select ${['s.r as first', 's.e', ...features].join(', ')} from ${from} join _seen s on ${isVersion.join(' and ')}`;
}

/** Among rows of the same event and created time the values decide. */
async function settleTies(engine: SealedEngine, features: number): Promise<void> {
  const { rows } = await engine.query(
    'select (select count(*) from _values) > (select count(*) from _seen where first = r) as tied',
  );
  if (rows[0]?.tied !== true) return;
  const order = numbered(features, 'f').map((feature) => `${feature} desc nulls last`);
  await engine.run(`
    create temp table _settled as select * from _values
    qualify row_number() over (partition by first order by ${order.join(', ') || 'first'}) = 1`);
  await engine.run('drop table _values');
  await engine.run('alter table _settled rename to _values');
}

const inAge = ({ ttlMs }: JoinedView, event: string, at: string): string =>
  ttlMs === null ? 'true' : `${event} >= ${at} - ${interval(ttlMs)}`;

function extendedSql(view: JoinedView, { statusAs }: JoinRules): string {
  const inTime = inAge(view, 'v.e', `r.${time}`);
  const features = view.features.map(({ as }, i) =>
    statusAs === undefined || view.ttlMs === null
      ? `v.f${i} as ${quoteName(as)}`
      : `case when ${inTime} then v.f${i} end as ${quoteName(as)}`,
  );
  const missing = numbered(view.features.length, 'v.f').map((feature) => `${feature} is null`);
  const status =
    statusAs === undefined
      ? []
      : [
          `case when v.first is null then 'NOT_FOUND' when not (${inTime}) then 'OUTSIDE_MAX_AGE'
            when ${missing.join(' and ') || 'false'} then 'NULL_VALUE' else 'PRESENT' end as ${quoteName(statusAs)}`,
        ];
  return `create temp table _extended as
    select ${['r.*', ...features, ...status].join(', ')} from _rows r left join _seen s on r.${row} = s.r left join _values v on s.first = v.first`;
}

/** The entity rows of a table as `_rows`, with their number, so that none is lost, doubled or moved by what follows. */
export const numberedRowsSql = (table: string, eventTime: string): string => `
  create temp table _rows as
  select row_number() over () as ${row}, cast(${quoteName(eventTime)} as timestamp) as ${time}, * from ${quoteName(table)}`;
