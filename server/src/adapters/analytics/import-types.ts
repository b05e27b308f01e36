import { stat } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnType, ImportRequest } from './analytics.ts';
import { castToOurs, columnTypeOf } from './column-types.ts';
import { assertFits, type Candidates, type Tally } from './import-misfits.ts';
import { objects, type RawColumn, type Reader } from './import-source.ts';
import { quoteName } from './sql-text.ts';
import {
  formattedDate,
  presentValue,
  type Reading,
  readingFor,
  text,
  textReadings,
} from './text-readings.ts';

const sampleRows = 1000;
/** Bytes up to which a look at the first rows costs as much as a look at all. */
const smallFile = 1 << 20;
/** Planning time grows with the square of what one select counts: 60 columns at once took fifteen times as long. */
const readingsAtOnce = 60;

function inSlices(candidates: readonly Candidates[]): Candidates[][] {
  const slices: Candidates[][] = [];
  let room = 0;
  for (const candidate of candidates) {
    const slice = slices.at(-1);
    room -= 1 + candidate.readings.length;
    if (slice && room >= 0) slice.push(candidate);
    else {
      slices.push([candidate]);
      room = readingsAtOnce - 1 - candidate.readings.length;
    }
  }
  return slices;
}

async function tally(
  connection: DuckDBConnection,
  reader: Reader,
  candidates: readonly Candidates[],
  limit?: number,
): Promise<Tally[]> {
  const tallies: Tally[] = [];
  for (const slice of inSlices(candidates))
    tallies.push(...(await tallySlice(connection, reader, slice, limit)));
  return tallies;
}

async function tallySlice(
  connection: DuckDBConnection,
  reader: Reader,
  candidates: readonly Candidates[],
  limit?: number,
): Promise<Tally[]> {
  const values = candidates.map(({ column }, i) => `${presentValue(quoteName(column.source))} as v${i}`);
  const counts = candidates.flatMap(({ readings }, i) => [
    `count(v${i})::double as p${i}`,
    ...readings.map((r, k) => `count(v${i}) filter (where not (${r.fits(`v${i}`)}))::double as m${i}_${k}`),
  ]);
  const rows = `select ${values.join(', ')} from ${reader.sql}${limit ? ` limit ${limit}` : ''}`;
  const [row = {}] = await objects(connection, `select ${counts.join(', ')} from (${rows})`);
  return candidates.map(({ readings }, i) => ({
    present: Number(row[`p${i}`]),
    misfits: readings.map((_, k) => Number(row[`m${i}_${k}`])),
  }));
}

/** Readings that the first rows refute need no second look; a demanded type and the given date format do. */
function pruned(
  candidates: readonly Candidates[],
  sample: readonly Tally[],
  keep: ReadonlySet<Reading>,
): Candidates[] {
  return candidates.map((candidate, i) => ({
    ...candidate,
    readings: candidate.readings.filter((reading, k) => keep.has(reading) || sample[i]?.misfits[k] === 0),
  }));
}

export interface Settled {
  readonly column: RawColumn;
  readonly type: ColumnType;
  readonly expression: string;
}

function settle({ column, readings }: Candidates, { present, misfits }: Tally): Settled {
  const raw = quoteName(column.source);
  const reading = present === 0 ? undefined : readings.find((_, k) => misfits[k] === 0);
  if (!reading || reading === text) return { column, type: 'text', expression: raw };
  return { column, type: reading.type, expression: reading.cast(presentValue(raw)) };
}

async function settleText(
  connection: DuckDBConnection,
  reader: Reader,
  request: ImportRequest,
): Promise<Settled[]> {
  const formatted = request.dateFormat ? formattedDate(request.dateFormat) : undefined;
  const free = [...(formatted ? [formatted] : []), ...(reader.header ? textReadings : [])];
  const candidates = reader.columns
    .filter(({ duckdbName }) => duckdbName === 'TEXT' || duckdbName === 'VARCHAR')
    .map((column): Candidates => {
      const wanted = request.types?.[column.name];
      const readings = wanted ? readingFor(wanted, formatted) : free;
      return { column, value: quoteName(column.source), readings };
    });
  const demanded = candidates.filter(({ column }) => request.types?.[column.name]).flatMap((c) => c.readings);
  const keep = new Set([...demanded, ...(formatted ? [formatted] : [])]);
  const isSmall = (await stat(request.path)).size < smallFile;
  const remaining = isSmall
    ? candidates
    : pruned(candidates, await tally(connection, reader, candidates, sampleRows), keep);
  const tallies = await tally(connection, reader, remaining);
  const found = remaining.flatMap((c, i) => (tallies[i] ? [{ candidates: c, tally: tallies[i] }] : []));
  await assertFits(connection, reader, request, found, formatted);
  return found.map((entry) => {
    const settled = settle(entry.candidates, entry.tally);
    const wanted = request.types?.[entry.candidates.column.name];
    return wanted && entry.tally.present === 0 && wanted !== 'text'
      ? { ...settled, type: wanted, expression: castToOurs('null', 'NULL', wanted) }
      : settled;
  });
}

function settleTyped({ columns }: Reader, types: ImportRequest['types']): Settled[] {
  return columns
    .filter(({ duckdbName }) => duckdbName !== 'TEXT' && duckdbName !== 'VARCHAR')
    .map((column) => {
      const type = types?.[column.name] ?? columnTypeOf(column.duckdbName);
      return { column, type, expression: castToOurs(quoteName(column.source), column.duckdbName, type) };
    });
}

/** One type and one expression per column, in file order. */
export async function settleColumns(
  connection: DuckDBConnection,
  reader: Reader,
  request: ImportRequest,
): Promise<Settled[]> {
  const settled = [...(await settleText(connection, reader, request)), ...settleTyped(reader, request.types)];
  return reader.columns.flatMap((column) => settled.filter((entry) => entry.column === column));
}
