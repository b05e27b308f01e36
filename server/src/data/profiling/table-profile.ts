import type { Column, ColumnKind, ColumnProfile } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import { quoteName } from '../../base/sql-text.ts';
import { columnProfile } from './column-profile.ts';
import {
  mostCategories,
  type ReadColumn,
  readColumns,
  type Sampling,
  samplingOf,
} from './reading/columns.ts';
import { readCodes, readPairs } from './reading/pairs.ts';
import {
  partlyMissing,
  readDuplicates,
  readMissing,
  readSample,
  readStorage,
  type Storage,
} from './reading/rows.ts';
import { readSeries, type TimeOrder } from './reading/series.ts';
import { exactRowsOf, inTurns, type ProfiledTable, queryTable } from './reading/table.ts';
import { type ReadText, readColumnOf, readTexts } from './reading/texts.ts';
import { type KeptProfile, profileRevision } from './rules.ts';
import { fitted } from './size-limit.ts';
import { warningsOf } from './warnings.ts';

export interface ProfiledVersion {
  readonly reference: string;
  readonly digest: string;
  readonly bytes: number;
  readonly createdAt: number;
}

type Computed = Omit<KeptProfile, 'computedAt' | 'seconds'>;

const categoriesUpTo = 100;

/**
 * What a table holds: its columns, then its rows, pairs and series. DuckDB reads, worker threads compute, and nothing
 * is held of the table but the columns at work.
 * @param time the column that orders the rows; without it a strictly ascending one is looked for.
 */
export async function profileTable(
  table: ProfiledTable,
  version: ProfiledVersion,
  time?: string,
): Promise<Computed> {
  const sampling = samplingOf(table);
  // One connection reads numbers, the other all else: the engine serves others besides.
  const [numbers, { texts, storage }] = await Promise.all([readColumns(table, sampling), readBeside(table)]);
  const read = inOrder(table.columns, numbers, texts);
  const order = timeOrder(read, table.rows, version.reference, time);
  const columns = await describe(table, version, read, texts, storage);
  const varying = columnsOf(table.columns, columns, isVaryingNumber);
  const [{ pairs, duplicates, missing }, { sample, series }] = await Promise.all([
    together(table, sampling, read, columns),
    inOrderOfRows(table, read, order, varying),
  ]);
  const { correlations, interactions } = pairs;
  const profile: Computed = {
    digest: version.digest,
    revision: profileRevision,
    rows: table.rows,
    cells: table.rows * columns.length,
    missingCells: columns.reduce((sum, { nulls }) => sum + nulls, 0),
    bytes: version.bytes,
    memoryBytes: storage.memoryBytes,
    kinds: kindsOf(columns),
    duplicates,
    warnings: warningsOf({ rows: table.rows, columns, duplicates, correlations, series }),
    columns,
    correlations,
    missing,
    interactions: [...interactions],
    series,
    sample,
    leftOut: [...pairs.leftOut, ...leftOut(table, duplicates !== null)],
  };
  return fitted(profile);
}

function leftOut(table: ProfiledTable, hasDuplicates: boolean): string[] {
  const found: string[] = [];
  const { rows, columns } = table;
  const exact = exactRowsOf(table);
  if (!hasDuplicates && columns.length > 0) found.push('rows that repeat: the table is too wide');
  if (rows > exact)
    found.push(`quantiles and distinct values of every row: beyond ${exact} rows they are approximate`);
  return found;
}

/** A strictly ascending time without holes puts the rows in order; a chosen column may be any that is a time. */
function timeOrder(
  read: readonly ReadColumn[],
  rows: number,
  reference: string,
  chosen: string | undefined,
): TimeOrder | null {
  const times = read.filter(({ column }) => column.type === 'date' || column.type === 'timestamp');
  const found =
    chosen === undefined
      ? times.find(
          ({ figures, nulls }) => nulls === 0 && rows > 1 && figures.monotonicity === 'strictlyIncreasing',
        )
      : times.find(({ column }) => column.name === chosen);
  if (found)
    return { column: found.column, chosen: chosen !== undefined, interval: found.figures.steps.median };
  if (chosen === undefined) return null;
  const names = times.map(({ column }) => column.name).join(', ') || 'none';
  throw errors.profileTimeUnknown({ column: chosen, reference, known: names });
}

function describe(
  table: ProfiledTable,
  { createdAt }: ProfiledVersion,
  read: readonly ReadColumn[],
  texts: ReadonlyMap<string, ReadText>,
  { bytesOf }: Storage,
): Promise<ColumnProfile[]> {
  return inTurns(read, async (each) => {
    const { name } = each.column;
    const future = await countFuture(table, each, createdAt);
    const facts = { read: each, rows: table.rows, text: texts.get(name), bytes: bytesOf.get(name), future };
    return columnProfile(facts);
  });
}

/** Values later than the commit, which nobody can have seen. */
async function countFuture(
  table: ProfiledTable,
  { column, figures }: ReadColumn,
  createdAt: number,
): Promise<number> {
  const isTime = column.type === 'date' || column.type === 'timestamp';
  if (!isTime || !(figures.maximum / 1000 > createdAt)) return 0;
  const sql = `select count(*) as n from rows_ where epoch_us(cast(${quoteName(column.name)} as timestamp)) > ${createdAt * 1000}`;
  return Number((await queryTable(table, [column], sql)).rows[0]?.n ?? 0);
}

async function readBeside(table: ProfiledTable) {
  const storage = await readStorage(table);
  return { texts: await readTexts(table), storage };
}

async function inOrderOfRows(
  table: ProfiledTable,
  read: readonly ReadColumn[],
  order: TimeOrder | null,
  numbers: readonly Column[],
) {
  const sample = await readSample(table, read);
  return { sample, series: order && (await readSeries(table, order, numbers)) };
}

function inOrder(
  columns: readonly Column[],
  numbers: readonly ReadColumn[],
  texts: ReadonlyMap<string, ReadText>,
): ReadColumn[] {
  const byName = new Map(numbers.map((each) => [each.column.name, each]));
  return columns.flatMap((column) => {
    const text = texts.get(column.name);
    const found = text ? readColumnOf(column, text) : byName.get(column.name);
    return found ? [found] : [];
  });
}

/** What needs more than one column at once. */
async function together(
  table: ProfiledTable,
  sampling: Sampling,
  read: readonly ReadColumn[],
  profiles: readonly ColumnProfile[],
) {
  const numbers = columnsOf(read, profiles, isVaryingNumber);
  const categories = columnsOf(read, profiles, isVaryingCategory);
  const coded = new Set(categories.slice(0, mostCategories).filter(({ sample }) => sample === null));
  for (const each of partlyMissing(read)) if (each.column.type === 'text') coded.add(each);
  const codes = readCodes(
    table,
    sampling,
    [...coded].map(({ column }) => column),
  );
  const isUnique = (each: ReadColumn): boolean => {
    const profile = profiles[read.indexOf(each)];
    return each.nulls === 0 && table.rows > 0 && profile?.unique === table.rows;
  };
  const [pairs, missing, duplicates] = await Promise.all([
    readPairs(table, numbers, categories, codes),
    codes.then((found) =>
      readMissing(table, read, ({ column, nullBits }) => nullBits ?? found.get(column.name)?.nulls),
    ),
    codes.then(() => readDuplicates(table, read, isUnique)),
  ]);
  return { pairs, missing, duplicates };
}

const isVaryingNumber = ({ kind, distinct }: ColumnProfile): boolean => kind === 'numeric' && distinct > 1;
const isVaryingCategory = ({ type, distinct }: ColumnProfile): boolean =>
  (type === 'text' || type === 'boolean') && distinct > 1 && distinct <= categoriesUpTo;

const columnsOf = <T>(
  columns: readonly T[],
  profiles: readonly ColumnProfile[],
  holds: (profile: ColumnProfile) => boolean,
): T[] =>
  columns.filter((_, i) => {
    const profile = profiles[i];
    return profile !== undefined && holds(profile);
  });

function kindsOf(columns: readonly ColumnProfile[]): { kind: ColumnKind; columns: number }[] {
  const counts = new Map<ColumnKind, number>();
  for (const { kind } of columns) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => ({ kind, columns: count })).sort((a, b) => b.columns - a.columns);
}
