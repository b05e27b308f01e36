import type { DuckDBConnection } from '@duckdb/node-api';
import { errors } from '../../base/errors.ts';
import type { ColumnType, ImportRequest } from './analytics.ts';
import { objects, type RawColumn, type Reader } from './import-source.ts';
import { quoteName } from './sql-text.ts';
import { presentValue, type Reading } from './text-readings.ts';

export interface Candidates {
  readonly column: RawColumn;
  readonly value: string;
  readonly readings: readonly Reading[];
  /** The reading of the date format that is given for any column, if there is one. */
  readonly formatted?: Reading;
  /** The date formats given for this column: no other reading will do. */
  readonly stated?: readonly string[];
}

export interface Tally {
  readonly present: number;
  /** Values that speak against each reading. */
  readonly misfits: readonly number[];
  /** Values with spaces around them or that stand for a missing one, where that was counted. */
  readonly touched?: number;
}

/** Where the first value stands that a reading cannot take; quoted line breaks before it count. */
async function misfit(
  connection: DuckDBConnection,
  reader: Reader,
  { column }: Candidates,
  reading: Reading,
): Promise<{ line: number; value: string }> {
  const value = presentValue(quoteName(column.source));
  const numbered = `select row_number() over () as n, ${value} as v from ${reader.sql}`;
  const [found = {}] = await objects(
    connection,
    `select n::double as n, v from (${numbered}) where v is not null and not (${reading.fits('v')}) order by n limit 1`,
  );
  const row = Number(found.n);
  if (!reader.header) return { line: row, value: String(found.v) };
  const breaks = reader.columns
    .map(({ source }) => `coalesce(length(${source}) - length(replace(${source}, chr(10), '')), 0)`)
    .join(', ');
  const [before = {}] = await objects(
    connection,
    `select coalesce(sum(list_sum([${breaks}])), 0)::double as n from (select * from ${reader.sql} limit ${row - 1})`,
  );
  return { line: reader.header.lines + row + Number(before.n), value: String(found.v) };
}

export async function assertFits(
  connection: DuckDBConnection,
  reader: Reader,
  request: ImportRequest,
  found: readonly { candidates: Candidates; tally: Tally }[],
  formatted: Reading | undefined,
): Promise<void> {
  const file = request.label ?? request.path;
  for (const { candidates, tally: counts } of found) {
    const { column, stated } = candidates;
    const wanted = request.types?.[column.name];
    const reading = candidates.readings[0];
    const isDemanded = stated !== undefined || (wanted !== undefined && wanted !== 'text');
    if (!isDemanded || !reading || counts.misfits.some((count) => count === 0)) continue;
    const { line, value } = await misfit(connection, reader, candidates, reading);
    const what = stated ? `a date written as ${stated.join(' or ')}` : `of type ${wanted}`;
    throw errors.fileUnreadable({
      file,
      line,
      column: column.name,
      reason: `'${value.slice(0, 60)}' is not ${what}`,
      remedy: misfitRemedy(column.name, reading.type, stated),
    });
  }
  if (formatted) await assertFormat(connection, reader, request, found, formatted);
}

function misfitRemedy(column: string, type: ColumnType, stated?: readonly string[]): string {
  if (stated) return `Correct the value, or add how it is written: ${column}=${stated.join('|')}|…`;
  const plain = 'Correct the value, or leave it empty if it is missing';
  const isTime = type === 'date' || type === 'timestamp';
  return isTime ? `${plain}, or say how dates are written: dateFormat ${column}=%d.%m.%Y` : plain;
}

/** A date format that fits no column is a mistake in the request, or in one line of the column it nearly fits. */
async function assertFormat(
  connection: DuckDBConnection,
  reader: Reader,
  request: ImportRequest,
  found: readonly { candidates: Candidates; tally: Tally }[],
  formatted: Reading,
): Promise<void> {
  const file = request.label ?? request.path;
  const shares = found.map(({ candidates, tally: counts }) => {
    const count = counts.misfits[candidates.readings.indexOf(formatted)] ?? counts.present;
    return counts.present === 0 ? 1 : count / counts.present;
  });
  const best = Math.min(1, ...shares);
  const nearest = found[shares.indexOf(best)];
  if (best === 0 || found.every(({ tally: counts }) => counts.present === 0)) return;
  if (!nearest || best > 0.5)
    throw errors.fileUnreadable({
      file,
      reason: `no column holds dates written as ${request.dateFormat?.join(' or ')}`,
      remedy: 'Compare the format with the dates of the file (%d.%m.%Y reads 31.12.2026)',
    });
  const { line, value } = await misfit(connection, reader, nearest.candidates, formatted);
  throw errors.fileUnreadable({
    file,
    line,
    column: nearest.candidates.column.name,
    reason: `'${value.slice(0, 60)}' is not a date written as ${request.dateFormat?.join(' or ')}`,
    remedy: 'Correct the date, or the format',
  });
}
