// Whatever is done to a table: the version read back is the table, and its digest is that of any file with these rows.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSqlite } from '../../adapters/db/sqlite.ts';
import { callerIn, createDataWing, type DataWing, textOf } from '../../testing/data-wing.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { createDatasets } from './service.ts';

type Rows = readonly string[];
interface Edit {
  readonly kind: 'insert' | 'delete' | 'change' | 'move' | 'scatter' | 'shuffle';
  /** Where, and how many rows, as shares of the table. */
  readonly at: number;
  readonly share: number;
  readonly seed: number;
}

const rowCount = 28_000;
const caller = callerIn('edits');
const header = 'id,price,note,open,day,seen\n';
/** A value of each type, now and then none. */
const rest = (n: number): string =>
  `${n % 3 === 0},${n % 7 === 0 ? '' : `20${10 + (n % 20)}-0${1 + (n % 9)}-11`},${n % 5 === 0 ? '' : `2024-01-01T0${n % 10}:00:00.000Z`}`;
const fresh = (seed: number, i: number): string =>
  `${seed * 1_000 + i},${(i * seed) % 5_000}.5,"new, ${i}",${rest(i)}`;
/** `kinds` few: many rows are equal, and nothing tells them apart. */
const tableOf = (kinds: number): Rows =>
  Array.from({ length: rowCount }, (_, i) => {
    const kind = i % kinds;
    return `${kind},${(i * 7_919) % kinds}.25,${kind % 11 === 0 ? '' : `row ${(i * 31) % kinds}`},${rest(kind)}`;
  });

function apply(rows: Rows, { kind, at, share, seed }: Edit): Rows {
  const start = Math.floor(at * rows.length);
  const count = Math.ceil(share * rows.length);
  const part = rows.slice(start, start + count);
  const made = part.map((_, i) => fresh(seed, i));
  if (kind === 'insert') return rows.toSpliced(start, 0, ...made);
  if (kind === 'delete') return rows.toSpliced(start, count);
  if (kind === 'change') return rows.toSpliced(start, part.length, ...made);
  if (kind === 'shuffle') return rows.toSpliced(start, part.length, ...part.toReversed());
  if (kind === 'move') {
    const rest = rows.toSpliced(start, count);
    return rest.toSpliced(seed % rest.length, 0, ...part);
  }
  const every = Math.max(30, Math.round(1 / Math.max(share, 0.001)));
  return rows.flatMap((row, i) => {
    if ((i + seed) % every > 0) return [row];
    return [[fresh(seed, i)], [], [row, fresh(seed, i)], [row, row]][(i + seed) % 4] ?? [];
  });
}

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('insert', 'delete', 'change', 'move', 'scatter', 'scatter', 'shuffle'),
  at: fc.double({ min: 0, max: 0.95, noNaN: true }),
  share: fc.double({ min: 0.0001, max: 0.08, noNaN: true }),
  seed: fc.integer({ min: 1_000, max: 9_999 }),
});

const scattered: Edit = { kind: 'scatter', at: 0, share: 0.01, seed: 4_321 };
/** Whatever else is done, some rows all over the table are changed: then there are deltas. */
const round = fc.tuple(
  edit.map((each): Edit => ({ ...each, kind: 'scatter' })),
  fc.array(edit, { maxLength: 3 }),
);

let wing: DataWing;
const folder = await createTempDir();
const database = await openSqlite({ file: join(folder.path, 'edits.db'), durability: 'process' });
beforeAll(async () => {
  wing = await createDataWing(database);
});
afterAll(async () => {
  await wing.close();
  await database.close();
  await folder.remove();
});

test('random edits, scattered or in runs, on tables of distinct and of equal rows', async () => {
  let names = 0;
  const kinds = fc.constantFrom(rowCount, 500, 3);
  await fc.assert(
    fc.asyncProperty(kinds, fc.array(round, { minLength: 1, maxLength: 2 }), async (few, rounds) => {
      const name = `table-${++names}`;
      let rows = tableOf(few);
      const commit = () => {
        const content = Buffer.from(`${header}${rows.join('\n')}\n`);
        return wing.datasets.commit({ name, format: 'csv', content }, caller);
      };
      await commit();
      for (const [first, others] of rounds) {
        rows = [first, ...others].reduce(apply, rows);
        const { version, digest } = await commit();
        const anew = createDatasets({
          ...wing,
          cacheFolder: join(wing.folder, `cache-${name}-${version}`),
        });
        const read = async (format: 'csv' | 'parquet') =>
          (await anew.read({ name, version: String(version), format }, caller)).content;
        const text = await textOf(await read('csv'));
        expect(text.replaceAll('"', '') === `${header}${rows.join('\n')}\n`.replaceAll('"', '')).toBe(true);
        const path = join(wing.folder, `${name}.parquet`);
        await writeFile(path, await read('parquet'));
        expect(await wing.datasets.digestOf(path)).toBe(digest);
      }
    }),
    { numRuns: 4, endOnFailure: true, examples: [[rowCount, [[scattered, []]]]] },
  );
  const deltas = await wing.db
    .selectFrom('dataset_chunks')
    .select('id')
    .where('runs', 'is not', null)
    .execute();
  expect(deltas.length).toBeGreaterThan(0);
}, 120_000);
