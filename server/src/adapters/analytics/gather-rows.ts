import { rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnHead, GatherRequest, ScatteredRows } from './analytics.ts';
import { duckdbType } from './column-types.ts';
import { bindParameters } from './parameters.ts';
import { quoteName, quoteText } from './sql-text.ts';

/** The runs for `$1`: one text instead of a bound value per number. */
function runsText({ runs }: ScatteredRows): string {
  const tokens: string[] = [];
  for (let i = 0; i < runs.length; i += 3) tokens.push(`${runs[i]}:${runs[i + 1]}:${runs[i + 2]}`);
  return tokens.join(' ');
}

/** One row per row that is wanted: `s` the source, `r` the row in it, `place` where it goes. */
const picks = `
  parts as (select string_split($1, ' ') as all_),
  tokens as (select string_split(unnest(all_), ':') as token, generate_subscripts(all_, 1) as nth from parts),
  runs as (select nth, token[1]::integer as s, token[2]::bigint as first, token[3]::bigint as n from tokens),
  placed as (select s, first, n, sum(n) over (order by nth rows unbounded preceding)::bigint - n as start from runs),
  picks as (select s, first + i as r, start + i as place from placed, unnest(range(n)) as steps(i))`;

const selected = (columns: readonly ColumnHead[]): string =>
  columns.map(({ name, type }, i) => `cast(${quoteName(name)} as ${duckdbType(type)}) as c${i}`).join(', ');

/** Only the rows between the first and the last that are wanted of each file: Parquet skips the rest. */
function sourcesSql({ paths, runs, columns }: ScatteredRows): string {
  const first = paths.map(() => Number.POSITIVE_INFINITY);
  const last = paths.map(() => -1);
  for (let i = 0; i < runs.length; i += 3) {
    const [source = 0, start = 0, rows = 0] = [runs[i], runs[i + 1], runs[i + 2]];
    first[source] = Math.min(first[source] ?? start, start);
    last[source] = Math.max(last[source] ?? -1, start + rows - 1);
  }
  const used = paths.flatMap((path, i) => (last[i] === -1 ? [] : [{ path, i }]));
  return used
    .map(
      ({ path, i }) =>
        `select ${i} as s, file_row_number as r, ${selected(columns)} from read_parquet(${quoteText(path)}) where file_row_number between ${first[i]} and ${last[i]}`,
    )
    .join(' union all ');
}

/** See `Analytics.gatherRows`. */
export async function gatherRows(connection: DuckDBConnection, request: GatherRequest): Promise<void> {
  const { rows, to } = request;
  const named = rows.columns.map(({ name }, i) => `c${i} as ${quoteName(name)}`).join(', ');
  const select = `with ${picks}, sources as (${sourcesSql(rows)}) select ${named} from picks join sources using (s, r) order by place`;
  const options = `format parquet, compression zstd, row_group_size ${request.rowGroup ?? 122_880}`;
  const statement = await connection.prepare(`copy (${select}) to ${quoteText(to)} (${options})`);
  try {
    bindParameters(statement, [runsText(rows)]);
    await statement.run();
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  } finally {
    statement.destroySync();
  }
}

/** See `Analytics.countEqual`. */
export async function countEqual(
  connection: DuckDBConnection,
  rows: ScatteredRows,
  other: { readonly path: string; readonly start: number; readonly rows: number },
): Promise<number> {
  const equal = rows.columns.map((_, i) => `p.c${i} is not distinct from o.c${i}`);
  const sql = `with ${picks}, sources as (${sourcesSql(rows)}),
    others as (select file_row_number - ${other.start} as place, ${selected(rows.columns)} from read_parquet(${quoteText(other.path)})
      where file_row_number between ${other.start} and ${other.start + other.rows - 1})
    select count(*)::double as n from (select * from picks join sources using (s, r)) p join others o on p.place = o.place
    where ${equal.join(' and ')}`;
  const statement = await connection.prepare(sql);
  try {
    bindParameters(statement, [runsText(rows)]);
    const reply = await statement.runAndReadAll();
    return Number(reply.getRowObjectsJS()[0]?.n ?? 0);
  } finally {
    statement.destroySync();
  }
}
