import type { DuckDBConnection } from '@duckdb/node-api';
import { errors } from '../../base/errors.ts';
import type { ColumnType, ImportRequest } from './analytics.ts';
import { castToOurs, columnTypeOf } from './column-types.ts';
import { assertFits, type Candidates, type Tally } from './import-misfits.ts';
import type { RawColumn, Reader } from './import-source.ts';
import { tally } from './import-tally.ts';
import { quoteName } from './sql-text.ts';
import { formattedDate, presentValue, readingFor, text, textReadings } from './text-readings.ts';

export interface Settled {
  readonly column: RawColumn;
  readonly type: ColumnType;
  readonly expression: string;
  /** What `expression` calls by a name of its own, so that it is worked out once. */
  readonly attempt?: { readonly name: string; readonly sql: string };
}

export function settle({ column, readings }: Candidates, { present, misfits, touched }: Tally): Settled {
  const raw = quoteName(column.source);
  const reading = present === 0 ? undefined : readings.find((_, k) => misfits[k] === 0);
  if (!reading || reading === text) return { column, type: 'text', expression: raw };
  const value = touched === 0 ? raw : presentValue(raw);
  return { column, type: reading.type, expression: reading.cast(value) };
}

const isText = ({ duckdbName }: RawColumn): boolean => duckdbName === 'TEXT' || duckdbName === 'VARCHAR';

/** The columns whose type their texts must tell, each with what it may turn out to be. */
export function candidatesOf(reader: Reader, request: ImportRequest): Candidates[] {
  const formatted = request.dateFormat ? formattedDate(request.dateFormat) : undefined;
  const free = [...(formatted ? [formatted] : []), ...(reader.header ? textReadings : [])];
  return reader.columns.filter(isText).map((column): Candidates => {
    const wanted = request.types?.[column.name];
    const stated = request.dateFormats?.[column.name];
    const value = quoteName(column.source);
    if (stated) return { column, value, readings: [formattedDate(stated, wanted)], stated };
    const readings = wanted ? readingFor(wanted, formatted) : free;
    return { column, value, readings, ...(formatted && { formatted }) };
  });
}

/** @throws fileUnreadable for date formats of columns that are not there or hold no text */
export function assertStated(columns: readonly RawColumn[], request: ImportRequest, file: string): void {
  const refuse = (column: string, reason: string, remedy: string) =>
    errors.fileUnreadable({ file, column, reason, remedy });
  for (const name of Object.keys(request.dateFormats ?? {})) {
    const column = columns.find((each) => each.name === name);
    const names = columns.map((each) => each.name).join(', ');
    if (!column)
      throw refuse(name, `a date format is given for it, but the table has ${names}`, 'Name one of those');
    const isTime = /^(?:DATE|TIMESTAMP)/.test(column.duckdbName);
    if (!isText(column) && !isTime)
      throw refuse(
        name,
        `a date format is given for it, but the file holds it as ${column.duckdbName.toLowerCase()}, not as text`,
        'Leave its date format out',
      );
  }
}

async function settleText(
  connection: DuckDBConnection,
  reader: Reader,
  request: ImportRequest,
): Promise<Settled[]> {
  const candidates = candidatesOf(reader, request);
  const tallies = await tally(connection, reader, candidates);
  const found = candidates.flatMap((c, i) => (tallies[i] ? [{ candidates: c, tally: tallies[i] }] : []));
  await assertFits(
    connection,
    reader,
    request,
    found,
    candidates.find(({ formatted }) => formatted)?.formatted,
  );
  return found.map((entry) => {
    const settled = settle(entry.candidates, entry.tally);
    const { column, stated, readings } = entry.candidates;
    const wanted = stated ? readings[0]?.type : request.types?.[column.name];
    return wanted && entry.tally.present === 0 && wanted !== 'text'
      ? { ...settled, type: wanted, expression: castToOurs('null', 'NULL', wanted) }
      : settled;
  });
}

function settleTyped({ columns }: Reader, types: ImportRequest['types']): Settled[] {
  return columns
    .filter((column) => !isText(column))
    .map((column) => {
      const type = types?.[column.name] ?? columnTypeOf(column.duckdbName);
      return { column, type, expression: castToOurs(quoteName(column.source), column.duckdbName, type) };
    });
}

/** One type and one expression per column, in file order; every row is asked. */
export async function settleColumns(
  connection: DuckDBConnection,
  reader: Reader,
  request: ImportRequest,
): Promise<Settled[]> {
  const settled = [...(await settleText(connection, reader, request)), ...settleTyped(reader, request.types)];
  const byColumn = new Map(settled.map((entry) => [entry.column, entry]));
  return reader.columns.flatMap((column) => byColumn.get(column) ?? []);
}
