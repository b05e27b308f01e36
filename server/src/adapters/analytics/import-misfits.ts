import type { DuckDBConnection } from '@duckdb/node-api';
import { errors } from '../../base/errors.ts';
import type { ImportRequest } from './analytics.ts';
import { objects, type RawColumn, type Reader } from './import-source.ts';
import { quoteName } from './sql-text.ts';
import { presentValue, type Reading } from './text-readings.ts';

export interface Candidates {
  readonly column: RawColumn;
  readonly value: string;
  readonly readings: readonly Reading[];
  /** The reading of the given date format, if there is one. */
  readonly formatted?: Reading;
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
    const wanted = request.types?.[candidates.column.name];
    const reading = candidates.readings[0];
    if (!wanted || !reading || wanted === 'text' || counts.misfits.some((count) => count === 0)) continue;
    const { line, value } = await misfit(connection, reader, candidates, reading);
    throw errors.fileUnreadable({
      file,
      line,
      column: candidates.column.name,
      reason: `'${value.slice(0, 60)}' is not of type ${wanted}`,
      remedy: 'Correct the value, or leave it empty if it is missing',
    });
  }
  if (formatted) await assertFormat(connection, reader, request, found, formatted);
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
      reason: `no column holds dates written as ${request.dateFormat}`,
      remedy: 'Compare the format with the dates of the file (%d.%m.%Y reads 31.12.2026)',
    });
  const { line, value } = await misfit(connection, reader, nearest.candidates, formatted);
  throw errors.fileUnreadable({
    file,
    line,
    column: nearest.candidates.column.name,
    reason: `'${value.slice(0, 60)}' is not a date written as ${request.dateFormat}`,
    remedy: 'Correct the date, or the format',
  });
}
