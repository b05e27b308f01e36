/**
 * The point-in-time join of one view. An entity row at time T sees of the rows with its keys, with event time in
 * [T − ttl, T] and created at or before T, that of the newest event; of several the one created last; of rows equal in
 * that too the one with the greater values.
 *
 * Most rows are found by event time alone: an ASOF join on narrow columns gives the newest event before T, and if a
 * version of it was known at T, that is the answer. Only for what is left, where the newest event became known after
 * T, rows are compared one by one, or, where that would be many, put in the order in which they became known. Features
 * are fetched last, for the rows that are seen.
 */
import type { SealedEngine, SealedSelect } from '../../adapters/analytics/analytics.ts';
import { quoteName } from '../../base/sql-text.ts';

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
  /** Rows that are left may be compared with so many times the view's rows, one by one, before those are put in order. */
  readonly pairs?: number;
}

/** About where comparing costs what putting in order does. */
const defaultPairs = 16;

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
  const range = await rangeOf(engine);
  await engine.run(eventsSql(view, rows, rules, range));
  await engine.run(newestSql(view, rules));
  await engine.run(versionsSql('_newest'));
  await settleTies(engine, view.features.length);
  const isKnown = view.createdTime !== null && rules.bitemporal;
  await engine.run(matchedSql(isKnown));
  if (isKnown) await matchKnownLater(engine, view, rules);
  await engine.run(valuesSql(view.features.length));
  await engine.run(extendedSql(view, rules));
  await dropAll(engine, [
    '_rows',
    '_keys',
    '_events',
    '_newest',
    '_versions',
    '_matched',
    '_values',
    '_late',
  ]);
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

/** What of the view can matter at all: rows of our keys, neither newer than every T nor too old for each. */
function eventsSql(
  view: JoinedView,
  { columns, from }: SealedSelect,
  rules: JoinRules,
  range: Range,
): string {
  const at = (name: string) => `v.c${columns.findIndex((column) => column.name === name)}`;
  const event = `cast(${at(view.eventTime)} as timestamp)`;
  const created = view.createdTime === null ? null : `cast(${at(view.createdTime)} as timestamp)`;
  const join = view.keys.map((key, i) => `${at(key)} = k.j${i}`).join(' and ');
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
  const features = view.features.map(({ name }, i) => `${at(name)} as f${i}`);
  return `create temp table _events as
    select ${['k.k', `${event} as e`, `${created ?? "timestamp '-infinity'"} as c`, ...features].join(', ')}
    from ${from} v join _keys k on ${join} where ${conditions.join(' and ')}`;
}

const interval = (ms: number): string => `to_microseconds(${BigInt(Math.round(ms)) * 1000n})`;

const inAge = ({ ttlMs }: JoinedView, event: string, at: string): string =>
  ttlMs === null ? 'true' : `${event} >= ${at} - ${interval(ttlMs)}`;

const kept = (view: JoinedView, rules: JoinRules, event: string, at: string): string =>
  rules.statusAs === undefined ? inAge(view, event, at) : 'true';

/** The newest event of each entity row, known by then or not. */
const newestSql = (view: JoinedView, rules: JoinRules): string => `
  create temp table _newest as
  select a.r, a.k, a.t, v.e
  from (
    select r.${row} as r, k.k, r.${time} as t
    from _rows r join _keys k on ${view.keys.map((key, i) => `r.${quoteName(key)} = k.j${i}`).join(' and ')}
    where r.${time} is not null) a
  asof join (select k, e from _events) v on a.k = v.k and a.t >= v.e
  where ${kept(view, rules, 'v.e', 'a.t')}`;

/** Every version of the events that somebody may see, once each. */
const versionsSql = (asked: string): string => `
  create or replace temp table _versions as
  select v.k, v.e, v.c, min(v.rowid) as id, count(*) as n
  from _events v semi join ${asked} a on v.k = a.k and v.e = a.e
  group by v.k, v.e, v.c`;

/** Among rows of the same event and created time the values decide. */
async function settleTies(engine: SealedEngine, features: number): Promise<void> {
  const { rows } = await engine.query('select count(*) as n from _versions where n > 1');
  if (Number(rows[0]?.n) === 0 || features === 0) return;
  const order = numbered(features, 'v.f').map((feature) => `${feature} desc nulls last`);
  await engine.run(`
    create or replace temp table _ties as
    select v.k, v.e, v.c, v.rowid as id
    from _events v semi join (select k, e, c from _versions where n > 1) t on v.k = t.k and v.e = t.e and v.c = t.c
    qualify row_number() over (partition by v.k, v.e, v.c order by ${order.join(', ')}) = 1`);
  await engine.run(
    'update _versions set id = _ties.id from _ties where _versions.k = _ties.k and _versions.e = _ties.e and _versions.c = _ties.c',
  );
  await engine.run('drop table _ties');
}

/** The version of its event that each row sees; `id` is null where none was known at T. */
const matchedSql = (isKnown: boolean): string => `
  create temp table _matched as
  select a.r, a.k, a.t, a.e, v.id
  from (select *, ${isKnown ? 't' : "timestamp 'infinity'"} as until from _newest) a
  asof left join _versions v on a.k = v.k and a.e = v.e and a.until >= v.c`;

/** For the rows whose newest event was not known at T: the newest of those that were. */
async function matchKnownLater(engine: SealedEngine, view: JoinedView, rules: JoinRules): Promise<void> {
  const { rows } = await engine.query('select count(*) as n from _matched where id is null');
  if (Number(rows[0]?.n) === 0) return;
  const isFew = await areFewPairs(engine, rules.pairs ?? defaultPairs);
  await engine.run(isFew ? comparedSql(view, rules) : orderedSql(view, rules));
  await engine.run('delete from _matched where id is null');
  await engine.run(versionsSql('_late'));
  await settleTies(engine, view.features.length);
  await engine.run(`
    insert into _matched select a.r, a.k, a.t, a.e, v.id
    from _late a asof join _versions v on a.k = v.k and a.e = v.e and a.t >= v.c`);
}

/** Whether comparing what is left with all rows of its keys takes no longer than looking at the view's rows some times. */
async function areFewPairs(engine: SealedEngine, most: number): Promise<boolean> {
  const { rows } = await engine.query(`
    select coalesce(sum(m.n * v.n), 0)::double <= ${most} * sum(v.n)::double as few
    from (select k, count(*) as n from _events group by k) v
    left join (select k, count(*) as n from _matched where id is null group by k) m on m.k = v.k`);
  return rows[0]?.few === true;
}

const comparedSql = (view: JoinedView, rules: JoinRules): string => `
  create temp table _late as
  select m.r, m.k, m.t, max(v.e) as e
  from (select r, k, t from _matched where id is null) m
  join _events v on m.k = v.k and v.e <= m.t and v.c <= m.t
  where ${kept(view, rules, 'v.e', 'm.t')}
  group by m.r, m.k, m.t`;

/** The view's rows as they became known, without those that then were not the newest event. */
const orderedSql = (view: JoinedView, rules: JoinRules): string => `
  create temp table _late as
  with _known as (
    select k, greatest(e, c) as known, max(e) as e
    from _events v semi join (select k from _matched where id is null) m on v.k = m.k
    group by k, greatest(e, c)),
  _series as (
    select * from _known
    qualify e >= coalesce(
      max(e) over (partition by k order by known rows between unbounded preceding and 1 preceding), e))
  select m.r, m.k, m.t, v.e
  from (select r, k, t from _matched where id is null) m
  asof join _series v on m.k = v.k and m.t >= v.known
  where ${kept(view, rules, 'v.e', 'm.t')}`;

const valuesSql = (features: number): string => `
  create temp table _values as
  select ${['m.r', 'm.t', 'm.e', ...numbered(features, 'v.f')].join(', ')}
  from _matched m join _events v on v.rowid = m.id`;

function extendedSql(view: JoinedView, { statusAs }: JoinRules): string {
  const inTime = inAge(view, 'v.e', 'v.t');
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
          `case when v.r is null then 'NOT_FOUND' when not (${inTime}) then 'OUTSIDE_MAX_AGE'
            when ${missing.join(' and ') || 'false'} then 'NULL_VALUE' else 'PRESENT' end as ${quoteName(statusAs)}`,
        ];
  return `create temp table _extended as
    select ${['r.*', ...features, ...status].join(', ')} from _rows r left join _values v on r.${row} = v.r`;
}

/** The entity rows of a table as `_rows`, with their number, so that none is lost, doubled or moved by what follows. */
export const numberedRowsSql = (table: string, eventTime: string): string => `
  create temp table _rows as
  select row_number() over () as ${row}, cast(${quoteName(eventTime)} as timestamp) as ${time}, * from ${quoteName(table)}`;
