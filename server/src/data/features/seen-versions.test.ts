import { expect, it } from 'vitest';
import type { Int64Rows, RowWriter } from '../../adapters/analytics/analytics.ts';
import { noRow, seenColumns, seenVersions } from './seen-versions.ts';

/** Key, number, event time or oldest that counts, created time. */
type Row = readonly [key: number, number: number, time: number, created: number];

const event = (key: number, time: number, created: number): Row => [key, noRow, time, created];
const entity = (key: number, number: number, oldest = 0): Row => [key, number, oldest, 0];

/** What the walk makes of the rows, given so many at once. */
function walk(rows: readonly Row[], atOnce: number): number[][] {
  const columns = Object.keys(seenColumns).map(() => new BigInt64Array(100));
  let made = 0;
  const writer: RowWriter = { columns, next: () => made++ };
  const step = seenVersions();
  for (let start = 0; start < rows.length; start += atOnce)
    step(batch(rows.slice(start, start + atOnce)), writer);
  return Array.from({ length: made }, (_, i) => columns.map((column) => Number(column[i])));
}

const batch = (rows: readonly Row[]): Int64Rows => ({
  count: rows.length,
  columns: [0, 1, 2, 3].map((i) => BigInt64Array.from(rows, (row) => BigInt(row[i] ?? 0))),
});

const series = [
  entity(1, 7),
  event(1, 10, 11),
  entity(1, 3),
  entity(1, 4),
  // Known late: of an event before, of the same one, of the same and corrected before the last.
  event(1, 5, 30),
  event(1, 10, 31),
  event(1, 10, 12),
  entity(1, 5),
  entity(1, 6, 11),
  entity(2, 8),
  event(2, -4, -3),
  entity(2, 9, -4),
  entity(2, 10, -3),
];
const seen = [
  [3, 3, 1, 10, 11],
  [4, 3, 1, 10, 11],
  [5, 5, 1, 10, 31],
  [9, 9, 2, -4, -3],
];

it.each([1, 2, 3, 100])('sees the newest event of the key in its last version, %i rows at once', (atOnce) => {
  expect(walk(series, atOnce)).toEqual(seen);
});
