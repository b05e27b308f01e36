import type { DuckDBConnection } from '@duckdb/node-api';
import type { ImportRequest } from './analytics.ts';
import type { Candidates, Tally } from './import-misfits.ts';
import type { Reader } from './import-source.ts';
import { manyColumns, tally } from './import-tally.ts';
import { candidatesOf, type Settled, settle } from './import-types.ts';
import { quoteName, quoteText } from './sql-text.ts';
import { presentValue, type Reading, text } from './text-readings.ts';

const sampleRows = 20_000;
/** A file whose later rows overturn more columns than this is asked as a whole. */
const maxOverturned = 8;
const misfitMark = 'misfit in column ';

interface Guess {
  readonly candidates: Candidates;
  readonly settled: Settled;
}

/** Fails where a value does not fit: then the guess was wrong, and nothing has been written. */
function checked({ column }: Candidates, reading: Reading, index: number): Settled {
  if (reading === text) return { column, type: 'text', expression: quoteName(column.source) };
  const raw = quoteName(column.source);
  const value = presentValue(raw);
  const refusal = `error(${quoteText(`${misfitMark}${index}.`)})`;
  const careful = `case when ${raw} is null then null when ${value} is null then null when ${reading.fits(value)} then ${reading.cast(value)} else ${refusal} end`;
  const { type, plain } = reading;
  if (!plain) return { column, type, expression: careful };
  const name = `attempt_${index}`;
  return {
    column,
    type,
    expression: `coalesce(case when ${plain.isPlain(raw, name)} then ${name} end, ${careful})`,
    attempt: { name, sql: plain.attempt(raw) },
  };
}

/** Readings that the first rows do not refute. */
function surviving({ readings }: Candidates, { misfits }: Tally): Reading[] {
  return readings.filter((_, k) => misfits[k] === 0);
}

/**
 * Types by the first rows, to be checked while the table is written: one pass over the text instead of two. A column
 * that is empty so far is asked in every row. Null where only the exact way can tell what is wrong.
 */
async function guess(
  connection: DuckDBConnection,
  reader: Reader,
  request: ImportRequest,
): Promise<Guess[] | null> {
  const all = candidatesOf(reader, request);
  const sample = await tally(connection, reader, all, sampleRows);
  const narrowed = all.map((candidates, i) => {
    const found = sample[i] ?? { present: 0, misfits: [] };
    return { present: found.present, candidates: { ...candidates, readings: surviving(candidates, found) } };
  });
  const demands = (name: string) =>
    request.types?.[name] !== undefined || request.dateFormats?.[name] !== undefined;
  const isHopeless = narrowed.some(
    ({ candidates }) => demands(candidates.column.name) && candidates.readings.length === 0,
  );
  if (isHopeless) return null;
  const empty = narrowed.filter(
    ({ present, candidates }) => present === 0 && !demands(candidates.column.name),
  );
  const emptyTallies = await tally(
    connection,
    reader,
    empty.map(({ candidates }) => candidates),
  );
  const exact = new Map(empty.map(({ candidates }, i) => [candidates, emptyTallies[i]]));
  const guesses = narrowed.map(({ candidates }, i): Guess => {
    const found = exact.get(candidates);
    return {
      candidates,
      settled: found ? settle(candidates, found) : checked(candidates, candidates.readings[0] ?? text, i),
    };
  });
  const formatted = all.find((candidates) => candidates.formatted)?.formatted;
  const isUsed = narrowed.some(({ candidates }) => formatted && candidates.readings[0] === formatted);
  return formatted && !isUsed ? null : guesses;
}

/** The column whose guessed type a value speaks against, if that is what failed. */
export const overturnedColumn = (error: unknown): number | undefined => {
  const found = error instanceof Error ? new RegExp(`${misfitMark}(\\d+)\\.`).exec(error.message) : null;
  return found ? Number(found[1]) : undefined;
};

/**
 * Writes the table by types that its first rows suggest. Undefined when they do not hold and the exact way must be
 * gone; `write` has then left nothing behind.
 */
export async function writeGuessed<T>(
  connection: DuckDBConnection,
  reader: Reader,
  request: ImportRequest,
  write: (settled: readonly Settled[]) => Promise<T>,
): Promise<T | undefined> {
  // What is checked while it is written takes the planner too long in a very wide table.
  if (reader.columns.length > manyColumns) return undefined;
  const guesses = await guess(connection, reader, request);
  if (!guesses) return undefined;
  for (let attempt = 0; attempt <= maxOverturned; attempt += 1) {
    try {
      return await write(guesses.map(({ settled }) => settled));
    } catch (error) {
      const index = overturnedColumn(error);
      const wrong = index === undefined ? undefined : guesses[index];
      if (index === undefined || !wrong) throw error;
      const { candidates } = wrong;
      const isDemanded = candidates.stated ?? request.types?.[candidates.column.name];
      if (isDemanded || candidates.readings[0] === candidates.formatted) return undefined;
      const [found] = await tally(connection, reader, [candidates]);
      if (!found) return undefined;
      guesses[index] = { candidates, settled: settle(candidates, found) };
    }
  }
  return undefined;
}
