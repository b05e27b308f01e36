import type { ColumnDefinition, Locator, TableSource } from './analytics.ts';
import { duckdbType } from './column-types.ts';

/** DuckDB reads a NUL as the end of the statement, so text behind it would silently vanish. */
const withoutNul = (text: string): string => text.replaceAll('\0', '');

export const quoteName = (name: string): string => `"${withoutNul(name).replaceAll('"', '""')}"`;
export const quoteText = (text: string): string => `'${withoutNul(text).replaceAll("'", "''")}'`;
export const quoteList = (texts: readonly string[]): string => `[${texts.map(quoteText).join(', ')}]`;

const castColumn = ({ name, type }: ColumnDefinition, value = quoteName(name)): string =>
  `cast(${value} as ${duckdbType(type)}) as ${quoteName(name)}`;

const emptyTable = (columns: readonly ColumnDefinition[]): string =>
  `select ${columns.map(({ name, type }) => `cast(null as ${duckdbType(type)}) as ${quoteName(name)}`).join(', ')} where false`;

/** Alone, DuckDB skips the parts of a file that a filter on it leaves out. */
const rowNumber = (starts: readonly number[]): string =>
  starts.some((start) => start > 0)
    ? `([${starts.join(', ')}]::BIGINT[])[cast(file_index as BIGINT) + 1] + file_row_number`
    : 'file_row_number';

/** The engine's own columns of a file, by which rows are found. */
const placeNames = ['file_index', 'file_row_number'];

/** Where a column of the files hides the engine's own, all of them get neutral names; else undefined. */
function neutralNames({ columns }: Locator): Map<string, string> | undefined {
  const hides = columns.some(({ name }) => placeNames.includes(name.toLowerCase()));
  return hides ? new Map(columns.map(({ name }, i) => [name, `c${i}`])) : undefined;
}

function parquetTable({ paths, columns, locator, mayLack }: TableSource): string {
  const byName = columns && paths.length > 1 ? ', union_by_name = true' : '';
  const neutral = locator && neutralNames(locator);
  const own = [...(neutral ?? [])].map(([name, value]) => `${value} as ${quoteName(name)}`);
  const selected = columns
    ? columns.map((column) => castColumn(column, neutral?.get(column.name)))
    : neutral
      ? own
      : ['*'];
  if (locator) selected.push(`${rowNumber(locator.starts)} as ${quoteName(locator.name)}`);
  const alias = neutral ? ` t(${[...neutral.values()].join(', ')})` : '';
  const files = `read_parquet(${quoteList(paths)}${byName})`;
  // Filters and the choice of columns still reach the files.
  if (mayLack && columns)
    return `select ${selected.join(', ')} from (select * from ${files} union all by name ${emptyTable(columns)})`;
  return `select ${selected.join(', ')} from ${files}${alias}`;
}

/** A segment that is being written may end in half a line: ignore_errors makes it a row of nulls, left out here. */
function linesTable(lines: readonly string[], columns: readonly ColumnDefinition[]): string {
  const shape = columns.map(({ name, type }) => `${quoteText(name)}: '${duckdbType(type)}'`).join(', ');
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  const texts = columns.map(({ name }) => `cast(${quoteName(name)} as VARCHAR)`).join(', ');
  return `select ${names} from read_json(${quoteList(lines)}, format = 'newline_delimited', columns = {${shape}}, ignore_errors = true) where coalesce(${texts}) is not null`;
}

/** All files that a table is made of. */
export const filesOf = ({ paths, lines = [], made }: TableSource): string[] => [
  ...paths,
  ...lines,
  ...Object.values(made?.tables ?? {}).flatMap(filesOf),
];

/** The select that stands for a table. */
export function tableSql(source: TableSource): string {
  const { columns, lines, locator, made } = source;
  if (made) return withTables(made.sql, made.tables);
  const parts = source.paths.length > 0 ? [parquetTable(source)] : [];
  if (columns && lines?.length) {
    const rows = linesTable(lines, columns);
    const unlocated = `select *, cast(null as BIGINT) as ${quoteName(locator?.name ?? '')} from (${rows})`;
    parts.push(locator ? unlocated : rows);
  }
  if (parts.length > 0) return parts.join(' union all ');
  const shape = columns?.length ? columns : [{ name: 'empty', type: 'text' as const }];
  return emptyTable(locator ? [...shape, { name: locator.name, type: 'integer' }] : shape);
}

/**
 * Puts the tables in front of a statement as inlined common table expressions: no views, so queries on one
 * connection pool cannot see each other's tables, and filters still reach the Parquet reader.
 */
export function withTables(sql: string, tables: Readonly<Record<string, TableSource>> = {}): string {
  const entries = Object.entries(tables);
  if (entries.length === 0) return sql;
  const heads = entries.map(
    ([name, source]) => `${quoteName(name)} as not materialized (${tableSql(source)})`,
  );
  const own = /^\s*with\s+(recursive\s+)?/i.exec(sql);
  if (!own) return `with ${heads.join(', ')}\n${sql}`;
  return `with ${own[1] ?? ''}${heads.join(', ')}, ${sql.slice(own[0].length)}`;
}
