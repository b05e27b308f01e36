import type { Column, DiffRow, Row } from '@tidemill/contract';
import type { Analytics, Cell, TableSource } from '../../adapters/analytics/analytics.ts';
import { quoteName } from '../../base/sql-text.ts';
import { locator } from './located-table.ts';
import { type ChangeKind, changeKinds } from './row-diff.ts';

/** One side as its rows are fetched. */
export interface SideRows {
  readonly columns: readonly Column[];
  /** The table whose rows the index locates. */
  readonly rest: TableSource;
}

export interface RowsRequest {
  /** The Parquet file that `findDifferences` wrote. */
  readonly index: string;
  readonly kind: ChangeKind;
  /** The first row's place among all of the index. */
  readonly start: number;
  readonly limit: number;
  readonly before: SideRows;
  readonly after: SideRows;
  readonly key: readonly string[];
}

/** A page of differences: of either table only the files are read in which its rows lie. */
export async function readDifferences(analytics: Analytics, request: RowsRequest): Promise<DiffRow[]> {
  const { index, kind, start, limit, before, after, key } = request;
  const { rows: places } = await analytics.query({
    sql: 'select before_at, after_at from found where n >= $1 and n < $2 and kind = $3 order by n',
    tables: { found: { paths: [index] } },
    parameters: [start, start + limit, changeKinds.indexOf(kind)],
  });
  const [old, fresh] = await Promise.all([
    fetchRows(analytics, before, placesOf(places, 'before_at')),
    fetchRows(analytics, after, placesOf(places, 'after_at')),
  ]);
  return places.map(({ before_at, after_at }) => {
    const pair = { before: old.get(before_at ?? null) ?? null, after: fresh.get(after_at ?? null) ?? null };
    return { kind, key: only(pair.after ?? pair.before ?? {}, key), ...pair, changed: changedColumns(pair) };
  });
}

type Cells = Readonly<Record<string, Cell>>;

const placesOf = (rows: readonly Cells[], column: string): number[] =>
  rows.flatMap((row) => (typeof row[column] === 'number' ? [row[column]] : []));

const only = (row: Row, names: readonly string[]): Row =>
  Object.fromEntries(names.map((name) => [name, row[name] ?? null]));

function changedColumns({ before, after }: { before: Row | null; after: Row | null }): string[] {
  if (!before || !after) return [];
  return Object.keys(after).filter((name) => name in before && before[name] !== after[name]);
}

interface FileRows {
  readonly file: number;
  readonly path: string;
  /** Of its first row. */
  readonly start: number;
  readonly places: number[];
}

/** Only the files in which the rows lie, and of a large one only the parts. */
async function fetchRows(
  analytics: Analytics,
  { columns, rest }: SideRows,
  places: readonly number[],
): Promise<Map<Cell, Row>> {
  const files = filesOf(rest, places);
  if (files.length === 0) return new Map();
  const tables = files.map(({ path }, i) => {
    return [
      `f${i}`,
      {
        paths: [path],
        columns,
        locator: { name: locator, starts: [0], columns: rest.locator?.columns ?? columns },
      },
    ] as const;
  });
  const selects = files.map((file, i) => {
    const inFile = file.places.map((place) => place - file.start);
    return `select ${file.start} + ${locator} as ${placeColumn}, * exclude (${locator}) from f${i} where ${locator} in (${inFile.join(', ')})`;
  });
  const { rows } = await analytics.query({
    sql: selects.join(' union all '),
    tables: Object.fromEntries(tables),
  });
  return new Map(
    rows.map((row) => [
      row[placeColumn] ?? null,
      Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null])),
    ]),
  );
}

const placeColumn = '__tidemill_place';

function filesOf({ paths, locator: located }: TableSource, places: readonly number[]): FileRows[] {
  const starts = located?.starts ?? [];
  const files: FileRows[] = [];
  let file = 0;
  for (const place of [...places].sort((a, b) => a - b)) {
    while ((starts[file + 1] ?? Number.POSITIVE_INFINITY) <= place) file += 1;
    const path = paths[file] ?? '';
    const last = files.at(-1);
    if (last?.file === file) last.places.push(place);
    else files.push({ file, path, start: starts[file] ?? 0, places: [place] });
  }
  return files;
}

/** The select that puts both sides of each difference beside each other, in the order of the index. */
export function joinedDifferences(
  before: readonly Column[],
  after: readonly Column[],
  key: readonly string[],
  kind: ChangeKind | undefined,
): string {
  const taken = new Set<string>(['change']);
  const unused = (name: string): string => {
    let free = name;
    while (taken.has(free.toLowerCase())) free = `${free}_`;
    taken.add(free.toLowerCase());
    return free;
  };
  const isIn = (columns: readonly Column[], wanted: string) => columns.some(({ name }) => name === wanted);
  const sides = (name: string): string[] => {
    const [old, fresh] = [isIn(before, name), isIn(after, name)];
    if (key.includes(name))
      return [`coalesce(a.${quoteName(name)}, b.${quoteName(name)}) as ${quoteName(unused(name))}`];
    return [
      ...(old ? [`b.${quoteName(name)} as ${quoteName(unused(`${name}_before`))}`] : []),
      ...(fresh ? [`a.${quoteName(name)} as ${quoteName(unused(`${name}_after`))}`] : []),
    ];
  };
  const names = [...new Set([...key, ...before.map(({ name }) => name), ...after.map(({ name }) => name)])];
  const words = changeKinds.map((word, i) => `when ${i} then '${word}'`).join(' ');
  const where = kind === undefined ? '' : `where f.kind = ${changeKinds.indexOf(kind)}`;
  return `select case f.kind ${words} end as change, ${names.flatMap(sides).join(', ')}
    from found f left join before_ b on b.${locator} = f.before_at left join after_ a on a.${locator} = f.after_at
    ${where} order by f.n`;
}
