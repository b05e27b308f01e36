import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alignRows } from './row-alignment.ts';

/** Distinct numbers in no order, as hashes are. */
const hashesOf = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => ((i + 1) * 2_654_435_761) % 2 ** 52);

function align(old: readonly number[], now: readonly number[], chunk = 500): number[][] {
  const alignment = alignRows(Float64Array.from(old));
  const runs: number[][] = [];
  for (let start = 0; start < now.length; start += chunk) {
    const pairs = alignment.next(Float64Array.from(now.slice(start, start + chunk)));
    for (let i = 0; i < pairs.length; i += 2) runs.push([pairs[i] ?? 0, pairs[i + 1] ?? 0]);
  }
  return runs;
}

const newRows = (runs: readonly number[][]): number =>
  runs.reduce((sum, [at, count]) => sum + (at === -1 ? (count ?? 0) : 0), 0);

/** The new rows by the runs, with a mark for each row that is said to be new. */
const rebuild = (old: readonly number[], runs: readonly number[][]): (number | undefined)[] =>
  runs.flatMap(([at = 0, count = 0]) =>
    Array.from({ length: count }, (_, i) => (at === -1 ? undefined : old[at + i])),
  );

const old = hashesOf(20_000);

test('one changed row is one new row, and its neighbours stay where they were', () => {
  const now = old.with(700, 5);
  expect(align(old, now, 20_000)).toEqual([
    [0, 700],
    [-1, 1],
    [701, 19_299],
  ]);
});

test('only what was inserted is new, however much it is', () => {
  const inserted = hashesOf(3_000).map((hash) => hash + 0.5);
  expect(newRows(align(old, old.toSpliced(9_000, 0, ...inserted)))).toBe(3_000);
  expect(align(old, old.toSpliced(9_000, 0, 5), 20_001)).toEqual([
    [0, 9_000],
    [-1, 1],
    [9_000, 11_000],
  ]);
});

test('rows behind a long deletion or a moved block are found again', () => {
  expect(newRows(align(old, old.toSpliced(4_000, 6_000)))).toBeLessThan(reachOfAnchors);
  const moved = [...old.slice(0, 3_000), ...old.slice(15_000), ...old.slice(3_000, 15_000)];
  expect(newRows(align(old, moved, 20_000))).toBeLessThan(reachOfAnchors);
});
/** Chunks do not catch up across their borders. */
const reachOfAnchors = 300;

test('one row in a hundred changed, deleted or followed by another costs about that', () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const now = old.flatMap((row) => {
    if (random() > 0.01) return [row];
    const choice = random();
    if (choice < 0.33) return [];
    return choice < 0.66 ? [random() * 1e15] : [row, random() * 1e15];
  });
  expect(newRows(align(old, now))).toBeLessThan(200);
});

test('any table by any other: the runs cover its rows in order, and each row said to be old is that row', () => {
  const rows = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 200 });
  fc.assert(
    fc.property(rows, rows, fc.integer({ min: 1, max: 50 }), (before, now, chunk) => {
      const rebuilt = rebuild(before, align(before, now, chunk));
      expect(rebuilt).toHaveLength(now.length);
      for (const [i, row] of rebuilt.entries()) if (row !== undefined) expect(row).toBe(now[i]);
    }),
  );
});
