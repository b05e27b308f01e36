import type { DuckDBConnection } from '@duckdb/node-api';
import type { Candidates, Tally } from './import-misfits.ts';
import { objects, type Reader } from './import-source.ts';
import { quoteName } from './sql-text.ts';
import { presentValue, type Reading } from './text-readings.ts';

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

/** Columns from which on they are asked one below the other: planning a select of so many counts would take minutes. */
export const manyColumns = 100;

/** What speaks for and against each reading, in all rows or the first `limit`. */
export async function tally(
  connection: DuckDBConnection,
  reader: Reader,
  candidates: readonly Candidates[],
  limit?: number,
): Promise<Tally[]> {
  if (candidates.length > manyColumns) return tallyLong(connection, reader, candidates, limit);
  const tallies: Tally[] = [];
  for (const slice of inSlices(candidates))
    tallies.push(...(await tallySlice(connection, reader, slice, limit)));
  return tallies;
}

const rowsOf = ({ sql }: Reader, limit: number | undefined): string =>
  limit === undefined ? `from ${sql}` : `from (from ${sql} limit ${limit})`;

/** The values of all columns as one column, with the number of theirs beside it. */
async function tallyLong(
  connection: DuckDBConnection,
  reader: Reader,
  candidates: readonly Candidates[],
  limit: number | undefined,
): Promise<Tally[]> {
  const tallies = new Map<Candidates, Tally>();
  for (const group of byReadings(candidates)) {
    const readings = group[0]?.readings ?? [];
    const columns = group.map(({ column }) => quoteName(column.source)).join(', ');
    const long = `select unnest([${columns}]) as x, unnest(range(${group.length})) as k ${rowsOf(reader, limit)}`;
    const misfits = readings.map(
      (reading, i) => `count(v) filter (where not (${reading.fits('v')}))::double as m${i}`,
    );
    const counts = [
      'k::integer as k',
      'count(v)::double as present',
      'count(x) filter (where v is distinct from x)::double as touched',
      ...misfits,
    ].join(', ');
    const found = await objects(
      connection,
      `select ${counts} from (select k, x, ${presentValue('x')} as v from (${long})) group by k`,
    );
    for (const row of found) {
      const candidate = group[Number(row.k)];
      if (candidate)
        tallies.set(candidate, {
          present: Number(row.present),
          touched: Number(row.touched),
          misfits: readings.map((_, i) => Number(row[`m${i}`])),
        });
    }
  }
  const none = ({ readings }: Candidates): Tally => ({ present: 0, misfits: readings.map(() => 0) });
  return candidates.map((candidate) => tallies.get(candidate) ?? none(candidate));
}

/** Columns that may turn out to be the same things are asked together. */
function byReadings(candidates: readonly Candidates[]): Candidates[][] {
  const numbers = new Map<Reading, number>();
  const numberOf = (reading: Reading): number => {
    const number = numbers.get(reading) ?? numbers.size;
    numbers.set(reading, number);
    return number;
  };
  const groups = new Map<string, Candidates[]>();
  for (const candidate of candidates) {
    const key = candidate.readings.map(numberOf).join(' ');
    const group = groups.get(key);
    if (group) group.push(candidate);
    else groups.set(key, [candidate]);
  }
  return [...groups.values()];
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
  const rows = `select ${values.join(', ')} ${rowsOf(reader, limit)}`;
  const [row = {}] = await objects(connection, `select ${counts.join(', ')} from (${rows})`);
  return candidates.map(({ readings }, i) => ({
    present: Number(row[`p${i}`]),
    misfits: readings.map((_, k) => Number(row[`m${i}_${k}`])),
  }));
}
