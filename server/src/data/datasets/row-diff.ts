/**
 * Which rows differ, found from hashes alone: what comes out says where the rows lie, in whatever number they differ,
 * and the rows themselves are read when they are shown.
 */
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import { locator } from './located-table.ts';
import { type CommonColumn, sideValue } from './schema-diff.ts';

/** In this order in the index; an index within it is the row's `kind`. */
export const changeKinds = ['added', 'removed', 'changed'] as const;
export type ChangeKind = (typeof changeKinds)[number];
export type ChangeCounts = Readonly<Record<ChangeKind, number>>;

export interface RowDiffRequest {
  /** Rows that may differ, each with its locator. */
  readonly before: TableSource;
  readonly after: TableSource;
  readonly common: readonly CommonColumn[];
  /** Columns that name a row; none: rows are compared as wholes, each as often as it stands. */
  readonly key: readonly string[];
  /** Gives the SQL of a key's hash; two keys must not share it. */
  readonly keyHash: KeyHash;
  /** The Parquet file of the differences: n, kind, before_at, after_at. */
  readonly to: string;
}

export type KeyHash = (values: readonly string[]) => string;

/** 64 bits. Keys are paired by it only after it was seen to differ for all of them. */
export const quickKeyHash: KeyHash = (values) => `hash(${values.join(', ')})`;

/** 128 bits over their text, for the day on which two keys of one table share the quick one. */
export const slowKeyHash: KeyHash = (values) =>
  `md5_number(concat_ws(';', ${values.map((value) => `coalesce(strlen(cast(${value} as varchar)) || ':' || cast(${value} as varchar), 'null')`).join(', ')}))`;

/**
 * DuckDB's `hash`, within one query on one machine: nothing of it is kept. Two different rows of one key share it once
 * in 2^64.
 */
const rowHash = (values: readonly string[]): string =>
  values.length > 0 ? `hash(${values.join(', ')})` : 'cast(0 as ubigint)';

/** Added and changed rows in the order of the newer version, removed ones in that of the older. */
export async function findDifferences(analytics: Analytics, request: RowDiffRequest): Promise<void> {
  const { before, after, key, to } = request;
  const differences = key.length > 0 ? differencesByKey(request) : differencesOfWholes(request);
  await analytics.copy({
    sql: `select row_number() over () - 1 as n, kind, before_at, after_at from (${differences} order by kind, coalesce(after_at, before_at))`,
    tables: { before_: before, after_: after },
    to,
  });
}

/** How many there are of each kind. */
export async function countDifferences(analytics: Analytics, index: string): Promise<ChangeCounts> {
  const { rows } = await analytics.query({
    sql: 'select kind, count(*) as n from found group by kind',
    tables: { found: { paths: [index] } },
  });
  const count = (kind: ChangeKind): number =>
    Number(rows.find((row) => changeKinds[Number(row.kind)] === kind)?.n ?? 0);
  return { added: count('added'), removed: count('removed'), changed: count('changed') };
}

/** One join over two hashes and a number per row, however wide the rows are. */
function differencesByKey({ common, key, keyHash }: RowDiffRequest): string {
  const keys = common.filter(({ name }) => key.includes(name));
  const rest = common.filter(({ name }) => !key.includes(name));
  const side = (table: string): string => {
    const values = (columns: readonly CommonColumn[]) => columns.map((column) => sideValue('t', column));
    return `select ${keyHash(values(keys))} as k, ${rowHash(values(rest))} as h, ${locator} as place from ${table} t`;
  };
  return `
    select case when b.k is null then 0 when a.k is null then 1 else 2 end as kind, b.place as before_at, a.place as after_at
    from (${side('before_')}) b full join (${side('after_')}) a on b.k = a.k
    where b.k is null or a.k is null or b.h <> a.h`;
}

/** Of equal rows the last ones are those too many. */
function differencesOfWholes({ common }: RowDiffRequest): string {
  const side = (table: string, number: number): string =>
    `select ${rowHash(common.map((column) => sideValue('t', column)))} as h, ${locator} as place, ${number} as side from ${table} t`;
  if (common.length === 0)
    return 'select 0 as kind, cast(null as bigint) as before_at, cast(null as bigint) as after_at where false';
  return `
    with rows_ as (${side('before_', 1)} union all ${side('after_', 0)}),
      odd as materialized (
        select h, count(*) filter (side = 1) as before_n, count(*) filter (side = 0) as after_n, max(place) as place, max(side) as side
        from rows_ group by h having before_n <> after_n),
      single as (select side, place from odd where before_n + after_n = 1),
      numbered as (
        select r.side, r.place, row_number() over (partition by r.h, r.side order by r.place) as i,
          case r.side when 1 then after_n else before_n end as others
        from rows_ r join odd using (h) where before_n + after_n > 1),
      extra as (select side, place from single union all select side, place from numbered where i > others)
    select side as kind, case side when 1 then place end as before_at, case side when 0 then place end as after_at from extra`;
}
