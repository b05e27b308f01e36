import type { MissingPattern, Profile, ProfileMatrix, Row } from '@tidemill/contract';
import type { Cell, TableSource } from '../../../adapters/analytics/analytics.ts';
import { quoteName, quoteText } from '../../../base/sql-text.ts';
import type { MissingFigures, MissingInput } from '../figures/missing.ts';
import { inBatches, type ReadColumn } from './columns.ts';
import { computeFor, type ProfiledTable, queryTable } from './table.ts';

const shownRows = 10;
const shownColumns = 50;
const shownLength = 100;
/** Beyond this many columns, telling equal rows apart costs more than it says. */
const mostHashed = 1_000;
const mostPatternColumns = 60;
const shownPatterns = 30;

const module = new URL('../figures/missing.ts', import.meta.url);

/** Cells as JSON holds them: long texts cut, infinities by name, integers beyond 2^53 as text. */
function shown({ column, figures }: ReadColumn): string {
  const value = quoteName(column.name);
  const reach = Math.max(Math.abs(figures.minimum), Math.abs(figures.maximum));
  if (column.type === 'text') return `left(${value}, ${shownLength})`;
  return column.type === 'integer' && reach > Number.MAX_SAFE_INTEGER ? `cast(${value} as varchar)` : value;
}

const columnsIn = (read: readonly ReadColumn[]) => read.map(({ column }) => column);
const shownOf = (read: readonly ReadColumn[]) => columnsIn(read.slice(0, shownColumns));

/** Under names of ours: those of the table may be any. */
const aliased = (read: readonly ReadColumn[]): string =>
  read
    .slice(0, shownColumns)
    .map((each, i) => `${shown(each)} as c${i}`)
    .join(', ');

const plain = (cell: Cell | undefined): Cell =>
  typeof cell === 'number' && !Number.isFinite(cell) ? String(cell) : (cell ?? null);

const rowOf = (read: readonly ReadColumn[], cells: Readonly<Record<string, Cell>>): Row =>
  Object.fromEntries(
    read.slice(0, shownColumns).map(({ column }, i) => [column.name, plain(cells[`c${i}`])]),
  );

/** The first rows and the last, of which only the files that hold them are read. */
export async function readSample(
  table: ProfiledTable,
  read: readonly ReadColumn[],
): Promise<Profile['sample']> {
  if (table.rows === 0 || read.length === 0) return { head: [], tail: [] };
  const from = async (part: ProfiledTable, offset: number, limit: number): Promise<Row[]> => {
    const sql = `select ${aliased(read)} from rows_ limit ${limit} offset ${offset}`;
    return (await queryTable(part, shownOf(read), sql)).rows.map((cells) => rowOf(read, cells));
  };
  const head = await from(table, 0, shownRows);
  const inTail = Math.min(shownRows, table.rows - shownRows);
  if (inTail <= 0) return { head, tail: [] };
  const last = await lastFiles(table, inTail);
  return { head, tail: await from({ ...table, source: last.source }, last.rows - inTail, inTail) };
}

/** The files at the end that hold so many rows, and how many they hold. */
async function lastFiles(
  { analytics, source }: ProfiledTable,
  wanted: number,
): Promise<{ source: TableSource; rows: number }> {
  let [first, rows] = [source.paths.length, 0];
  while (first > 0 && rows < wanted) {
    first -= 1;
    rows += (await analytics.describeFile(source.paths[first] ?? '')).rows;
  }
  return { source: { ...source, paths: source.paths.slice(first) }, rows };
}

/** Rows equal to one before them, told by a 64-bit hash of all their values; where a column repeats nothing, there are none. */
export async function readDuplicates(
  table: ProfiledTable,
  read: readonly ReadColumn[],
  isUnique: (column: ReadColumn) => boolean,
): Promise<Profile['duplicates']> {
  if (read.some(isUnique)) return { rows: 0, share: 0, top: [] };
  if (table.columns.length > mostHashed || table.columns.length === 0) return null;
  const hash = `hash(${table.columns.map(({ name }) => quoteName(name)).join(', ')})`;
  const sql = `with h as materialized (select ${hash} as h, count(*) as n from rows_ group by 1)
    select null as h, coalesce(cast(sum(n - 1) as bigint), 0) as n from h
    union all (select cast(h as varchar), n from h where n > 1 order by n desc, h limit ${shownRows})`;
  const { rows } = await queryTable(table, table.columns, sql);
  const repeated = Number(rows.find(({ h }) => h === null)?.n ?? 0);
  const counts = new Map(rows.flatMap(({ h, n }) => (h === null ? [] : [[String(h), Number(n)] as const])));
  const top = counts.size === 0 ? [] : await rowsOf(table, read, hash, counts);
  return { rows: repeated, share: table.rows === 0 ? 0 : repeated / table.rows, top };
}

async function rowsOf(
  table: ProfiledTable,
  read: readonly ReadColumn[],
  hash: string,
  counts: ReadonlyMap<string, number>,
): Promise<NonNullable<Profile['duplicates']>['top']> {
  const wanted = [...counts.keys()].map((h) => `${h}::ubigint`).join(', ');
  const sql = `select * from (select cast(${hash} as varchar) as h, ${aliased(read)} from rows_ where ${hash} in (${wanted}))
    qualify row_number() over (partition by h) = 1`;
  const { rows } = await queryTable(table, table.columns, sql);
  return rows
    .map((cells) => ({ row: rowOf(read, cells), count: counts.get(String(cells.h)) ?? 0 }))
    .sort((a, b) => b.count - a.count);
}

/** Those whose missing values are compared. */
export const partlyMissing = (read: readonly ReadColumn[]): ReadColumn[] =>
  read.filter(({ nulls }) => nulls > 0).slice(0, mostPatternColumns);

/** Which columns are null together. @param bitsOf of a column the rows where it is. */
export async function readMissing(
  table: ProfiledTable,
  read: readonly ReadColumn[],
  bitsOf: (column: ReadColumn) => Uint8Array | null | undefined,
): Promise<MissingPattern | null> {
  const some = partlyMissing(read);
  if (some.length === 0 || table.rows === 0) return null;
  const none = new Uint8Array(Math.ceil(table.rows / 8));
  const input: MissingInput = { rows: table.rows, bits: some.map((column) => bitsOf(column) ?? none) };
  const { patterns, total } = await computeFor<MissingFigures>(table, {
    module,
    name: 'describeMissing',
    input,
  });
  const names = some.map(({ column }) => column.name);
  return {
    patterns: patterns.slice(0, shownPatterns).map(({ bits, rows: count }) => ({
      columns: names.filter((_, i) => bits[i] === '1'),
      rows: count,
    })),
    patternsLeftOut: Math.max(0, total - shownPatterns),
    correlation: total > patterns.length ? null : nullityCorrelation(some, patterns, table.rows),
  };
}

/** Pearson's of "is null", from how often two are null together; a column that is always null has none. */
function nullityCorrelation(
  some: readonly ReadColumn[],
  patterns: readonly { bits: string; rows: number }[],
  rows: number,
): ProfileMatrix | null {
  const partly = some.flatMap(({ column, nulls }, i) =>
    nulls < rows ? [{ column, share: nulls / rows, i }] : [],
  );
  if (partly.length < 2) return null;
  const together = (i: number, j: number) =>
    patterns.reduce((sum, { bits, rows: n }) => sum + (bits[i] === '1' && bits[j] === '1' ? n : 0), 0) / rows;
  const values = partly.map((a) =>
    partly.map((b) => {
      const spread = Math.sqrt(a.share * (1 - a.share) * b.share * (1 - b.share));
      return Math.round(((together(a.i, b.i) - a.share * b.share) / spread) * 1e8) / 1e8;
    }),
  );
  return { columns: partly.map(({ column }) => column.name), values };
}

export interface Storage {
  readonly memoryBytes: number | null;
  readonly bytesOf: ReadonlyMap<string, number>;
}

/** From the footers of the files. */
export async function readStorage(table: ProfiledTable): Promise<Storage> {
  if (table.source.paths.length === 0) return { memoryBytes: 0, bytesOf: new Map() };
  const parts: Readonly<Record<string, Cell>>[] = [];
  for (const paths of inBatches(table.source.paths, 200)) {
    const sql = `select path_in_schema as name, cast(sum(total_compressed_size) as bigint) as bytes,
      cast(sum(total_uncompressed_size) as bigint) as memory
      from parquet_metadata([${paths.map(quoteText).join(', ')}]) group by 1`;
    parts.push(...(await table.analytics.query({ sql, signal: table.signal })).rows);
  }
  const bytesOf = new Map<string, number>();
  let memoryBytes = 0;
  for (const { name, bytes, memory } of parts) {
    bytesOf.set(String(name), (bytesOf.get(String(name)) ?? 0) + Number(bytes));
    memoryBytes += Number(memory);
  }
  return { memoryBytes, bytesOf };
}
