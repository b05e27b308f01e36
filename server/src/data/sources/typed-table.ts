import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Column, ImportWarning } from '@tidemill/contract';
import { type Analytics, isDelimited, type TableSource } from '../../adapters/analytics/analytics.ts';
import type { Fetched, FetchedFile } from '../../adapters/sources/sources.ts';
import { errors } from '../../base/errors.ts';
import { quoteName } from '../../base/sql-text.ts';
import type { DateFormats } from '../datasets/service.ts';
import { fits, unionOfColumns, widened } from './rules.ts';

export interface Cursor {
  readonly column: string;
  /** Only rows behind it are read; all when it is null. */
  readonly after: string | null;
  /** The greatest value that is in a version already. */
  readonly reached: string | null;
}

export interface TableRequest {
  readonly fetched: Extract<Fetched, { unchanged: false }>;
  readonly location: string;
  readonly mapping: Readonly<Record<string, string>> | null;
  readonly dates: DateFormats;
  /** The columns that the dataset has; where the values allow, theirs are the types. */
  readonly base: readonly Column[] | null;
  readonly cursor: Cursor | null;
  readonly folder: string;
  readonly signal: AbortSignal;
}

export interface TypedTable {
  readonly path: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly warnings: readonly ImportWarning[];
  /** The greatest value of the cursor's column, here or before, as text; null without any. */
  readonly reached: string | null;
}

interface Part {
  readonly file: FetchedFile;
  readonly path: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly warnings: readonly ImportWarning[];
}

const cursorTypes: Readonly<Record<Column['type'], string | null>> = {
  boolean: null,
  integer: 'BIGINT',
  double: 'DOUBLE',
  text: 'VARCHAR',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
};

/** What was fetched as one Parquet file of our types; of a cursor's source only the rows behind it. */
export function createTypedTables(analytics: Analytics) {
  async function importFile(
    request: TableRequest,
    file: FetchedFile,
    to: string,
    texts: readonly string[],
  ): Promise<Part> {
    const { fetched, mapping, dates, signal, cursor } = request;
    const after = fetched.isBehindCursor ? null : (cursor?.after ?? null);
    const types = { ...fetched.types, ...Object.fromEntries(texts.map((name) => [name, 'text' as const])) };
    const {
      columns,
      rows,
      warnings = [],
    } = await analytics.importFile({
      path: file.path,
      label: file.label,
      format: file.format,
      to,
      types: mapping ? renamedTypes(types, mapping) : types,
      signal,
      ...(mapping && { mapping }),
      ...dates,
      ...(cursor && after !== null && { behind: { column: cursor.column, after } }),
    });
    return { file, path: to, columns, rows, warnings };
  }

  /** Digits of a CSV are text where the dataset says so: '007' must not become 7 and back. */
  const textsOf = ({ base, fetched }: TableRequest, file: FetchedFile): string[] =>
    isDelimited(file.format) && !fetched.types
      ? (base ?? []).filter(({ type }) => type === 'text').map(({ name }) => name)
      : [];

  async function importAll(request: TableRequest): Promise<{ parts: Part[]; columns: Column[] }> {
    const parts: Part[] = [];
    for (const [i, file] of request.fetched.files.entries()) {
      const to = join(request.folder, `part-${i}.parquet`);
      parts.push(await importFile(request, file, to, textsOf(request, file)));
    }
    assertSameNames(parts, request.location);
    const columns = await settle(request, parts);
    for (const [i, { file, path, columns: own }] of parts.entries()) {
      const lost = columns.filter(({ name, type }) => type === 'text' && typeIn(own, name) !== 'text');
      if (!isDelimited(file.format) || lost.length === 0) continue;
      const texts = [...textsOf(request, file), ...lost.map(({ name }) => name)];
      parts[i] = await importFile(request, file, path, texts);
    }
    return { parts, columns };
  }

  /** The type of each column over all files, and of the dataset where its type holds all values. */
  async function settle({ base }: TableRequest, parts: readonly Part[]): Promise<Column[]> {
    const [first, ...others] = parts;
    const settled: Column[] = [];
    const doubtful = (first?.columns ?? []).filter(({ name, type }) =>
      [...others.map(({ columns }) => columns), base ?? []].some(
        (each) => (typeIn(each, name) ?? type) !== type,
      ),
    );
    const empty = await emptyIn(parts, doubtful);
    for (const { name, type } of first?.columns ?? []) {
      const types = parts.flatMap(({ columns }, i) =>
        empty.has(`${i}/${name}`) ? [] : (typeIn(columns, name) ?? []),
      );
      const wanted = typeIn(base ?? [], name);
      const found = types.length > 0 ? types.reduce(widened) : (wanted ?? type);
      settled.push({ name, type: wanted && fits(found, wanted) ? wanted : found });
    }
    return base ? inOrderOf(base, settled) : settled;
  }

  /** A column without any value has no type of its own. */
  async function emptyIn(parts: readonly Part[], columns: readonly Column[]): Promise<Set<string>> {
    const empty = new Set<string>();
    if (columns.length === 0) return empty;
    const counts = columns.map(({ name }, k) => `count(${quoteName(name)}) as n${k}`).join(', ');
    for (const [i, { path }] of parts.entries()) {
      const { rows } = await analytics.query({
        sql: `select ${counts} from part`,
        tables: { part: { paths: [path] } },
      });
      for (const [k, { name }] of columns.entries()) if (rows[0]?.[`n${k}`] === 0) empty.add(`${i}/${name}`);
    }
    return empty;
  }

  async function reachedIn(path: string, { column, reached }: Cursor, type: Column['type']) {
    const before = reached === null ? 'null' : `cast($1 as ${duckdbTypes[type]})`;
    const { rows } = await analytics.query({
      sql: `select cast(greatest(max(${quoteName(column)}), ${before}) as VARCHAR) as reached from fresh`,
      tables: { fresh: { paths: [path] } },
      ...(reached !== null && { parameters: [reached] }),
    });
    const found = rows[0]?.reached;
    return typeof found === 'string' ? found : null;
  }

  async function writeFresh(
    { cursor, folder, signal }: TableRequest,
    parts: readonly Part[],
    columns: readonly Column[],
    filter: string,
  ): Promise<{ path: string; rows: number }> {
    const path = join(folder, 'typed.parquet');
    const { rows } = await analytics.copy({
      sql: `select * from fresh${filter}`,
      tables: { fresh: { paths: parts.map((part) => part.path), columns } },
      ...(cursor && cursor.after !== null && filter !== '' && { parameters: [cursor.after] }),
      to: path,
      signal,
    });
    return { path, rows };
  }

  return {
    async build(request: TableRequest): Promise<TypedTable> {
      const { cursor, fetched, location } = request;
      const { parts, columns } = await importAll(request);
      const filter = cursor && !fetched.isBehindCursor ? filterSql(cursor, columns, location) : '';
      const [only] = parts;
      const isDone =
        parts.length === 1 && filter === '' && isDeepStrictEqual(only?.columns.map(toColumn), columns);
      const { path, rows } = only && isDone ? only : await writeFresh(request, parts, columns, filter);
      const type = cursor && typeIn(columns, cursor.column);
      const reached =
        cursor && type && rows > 0 ? await reachedIn(path, cursor, type) : (cursor?.reached ?? null);
      return { path, columns, rows, reached, warnings: warningsOf(parts) };
    },

    /** The rows of a version, but those whose key is new again, and the new ones behind them; each column wide enough for both. */
    async join(
      base: { readonly table: TableSource; readonly columns: readonly Column[] },
      fresh: TypedTable,
      key: readonly string[],
      folder: string,
    ): Promise<{ path: string }> {
      const columns = unionOfColumns(base.columns, fresh.columns);
      const side = (name: string, own: readonly Column[]) =>
        `select ${columns.map((column) => columnSql(column, own)).join(', ')} from ${name}`;
      const to = join(folder, 'joined.parquet');
      await analytics.copy({
        sql: `select * from (${keptSql(side('held', base.columns), key)}) union all ${side('fresh', fresh.columns)}`,
        tables: { held: base.table, fresh: { paths: [fresh.path] } },
        to,
      });
      return { path: to };
    },
  };
}

const duckdbTypes: Readonly<Record<Column['type'], string>> = {
  boolean: 'BOOLEAN',
  integer: 'BIGINT',
  double: 'DOUBLE',
  text: 'VARCHAR',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
};

function keptSql(held: string, key: readonly string[]): string {
  if (key.length === 0) return held;
  const same = key.map((name) => {
    const column = quoteName(name);
    return `cast(n.${column} as VARCHAR) is not distinct from cast(h.${column} as VARCHAR)`;
  });
  const ordered = `select *, row_number() over () as "_place" from (${held})`;
  return `select * exclude ("_place") from (${ordered}) h where not exists (select 1 from fresh n where ${same.join(' and ')}) order by "_place"`;
}

const columnSql = ({ name, type }: Column, own: readonly Column[]): string => {
  const value = typeIn(own, name) === undefined ? 'null' : quoteName(name);
  return `cast(${value} as ${duckdbTypes[type]}) as ${quoteName(name)}`;
};

/** Rows without a value of the cursor's column are left out, at the first pull as at every other. */
function filterSql(
  { column, after }: { readonly column: string; readonly after: string | null },
  columns: readonly Column[],
  location: string,
): string {
  const type = typeIn(columns, column);
  const known = columns.map(({ name }) => name).join(', ');
  const refuse = (reason: string, remedy: string) => errors.sourceRejected({ location, reason, remedy });
  if (type === undefined) throw refuse(`it has no column '${column}' for the cursor`, `It has ${known}`);
  const duckdbType = cursorTypes[type];
  if (duckdbType === null)
    throw refuse(`'${column}' is ${type} and cannot be a cursor`, 'Name a column that grows');
  if (after === null) return ` where ${quoteName(column)} is not null`;
  return ` where ${quoteName(column)} > cast($1 as ${duckdbType})`;
}

/** Of several files those of the first that has any of a column. */
function warningsOf(parts: readonly Part[]): ImportWarning[] {
  const found = new Map<string, ImportWarning>();
  for (const { file, warnings } of parts)
    for (const warning of warnings)
      if (!found.has(warning.column))
        found.set(warning.column, {
          ...warning,
          message: parts.length > 1 ? `${file.label}: ${warning.message}` : warning.message,
        });
  return [...found.values()];
}

const toColumn = ({ name, type }: Column): Column => ({ name, type });

const typeIn = (columns: readonly Column[], name: string): Column['type'] | undefined =>
  columns.find((column) => column.name === name)?.type;

function inOrderOf(base: readonly Column[], columns: readonly Column[]): Column[] {
  const place = new Map(base.map(({ name }, i) => [name, i]));
  const rank = ({ name }: Column) => place.get(name) ?? base.length;
  return columns.toSorted((a, b) => rank(a) - rank(b));
}

/** The place says its names, the dataset has ours. */
function renamedTypes(
  types: Readonly<Record<string, Column['type']>>,
  mapping: Readonly<Record<string, string>>,
): Record<string, Column['type']> {
  const ours = new Map(Object.entries(mapping).map(([own, theirs]) => [theirs, own]));
  return Object.fromEntries(Object.entries(types).map(([name, type]) => [ours.get(name) ?? name, type]));
}

function assertSameNames(parts: readonly Part[], location: string): void {
  const [first, ...others] = parts;
  const names = (part: Part | undefined) => (part?.columns ?? []).map(({ name }) => name);
  for (const other of others) {
    const lacks = names(first).find((name) => !names(other).includes(name));
    const extra = names(other).find((name) => !names(first).includes(name));
    if (lacks === undefined && extra === undefined) continue;
    const difference = lacks === undefined ? `has '${extra}'` : `lacks '${lacks}'`;
    throw errors.sourceRejected({
      location,
      reason: `${other.file.label} ${difference}, unlike ${first?.file.label}`,
      remedy: 'Make the pattern narrower, so that its files have the same columns',
    });
  }
}
