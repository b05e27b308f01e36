import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeRuns } from '../../base/row-runs.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import type { Analytics, ColumnHead } from './analytics.ts';
import { openDuckdb } from './duckdb.ts';

const columns: ColumnHead[] = [
  { name: 'id', type: 'integer' },
  { name: 'a "note"', type: 'text' },
];
const limits = { scattered: 0.2, runs: 0.25, sources: 16 };
let analytics: Analytics;
let folder: Awaited<ReturnType<typeof createTempDir>>;
const path = (name: string) => join(folder.path, `${name}.parquet`);
const write = (name: string, sql: string) =>
  analytics.copy({ sql: `select i as id, 'n' || i as "a ""note""" from (${sql}) t(i)`, to: path(name) });
const idsIn = async (name: string) => {
  const { rows } = await analytics.query({ sql: 'select id from t', tables: { t: { paths: [path(name)] } } });
  return rows.map(({ id }) => id);
};

beforeAll(async () => {
  folder = await createTempDir();
  analytics = await openDuckdb();
  await write('old', 'select range from range(0, 1000)');
  await write('more', 'select range from range(5000, 5010)');
});
afterAll(async () => {
  await analytics.close();
  await folder.remove();
});

test('rows of several files come in the order of their runs, also backwards and twice', async () => {
  const rows = { paths: [path('old'), path('more')], columns, runs: decodeRuns('990a2 b1 -992a3 3b2 -3a1') };
  await analytics.gatherRows({ rows, to: path('gathered') });
  expect(await idsIn('gathered')).toEqual([990, 991, 5000, 0, 1, 2, 5004, 5005, 0]);
  const other = { path: path('gathered'), start: 0, rows: 9 };
  expect(await analytics.countEqual(rows, other)).toBe(9);
  expect(await analytics.countEqual({ ...rows, runs: decodeRuns('990a2 1b1 -992a3 2b2 -3a1') }, other)).toBe(
    8,
  );
  expect(await analytics.countEqual({ ...rows, runs: decodeRuns('a9') }, other)).toBe(0);
});

test('chunks are proposed as runs of old rows and of one new file, or not at all', async () => {
  await write(
    'new',
    'select case when range % 100 = 7 then 90000 + range else range end from range(0, 600) union all select range from range(7000, 7400)',
  );
  const reply = await analytics.alignFile({
    columns,
    old: {
      paths: [path('more'), path('old')],
      pieces: [
        { runs: 'a400', sources: [1] },
        { runs: 'b10 400a600', sources: [1, 0] },
      ],
      loose: [0],
    },
    path: path('new'),
    chunks: [
      { start: 0, rows: 250 },
      { start: 350, rows: 250 },
      { start: 600, rows: 400 },
    ],
    limits,
  });
  expect(reply).toEqual({
    chunks: [
      { sources: [1, -1], runs: 'a7 b1 1a99 b1 1a99 b1 1a42', newRows: 3 },
      { sources: [1, -1], runs: '350a57 3b1 1a99 b1 1a92', newRows: 2 },
      null,
    ],
    fresh: { rows: 5, runs: Int32Array.from([7, 107, 207, 407, 507].flatMap((row) => [0, row, 1])) },
  });
});

test('a file that is not there is an error of this call alone', async () => {
  const request = { columns, path: path('new'), chunks: [{ start: 0, rows: 10 }], limits };
  const old = { paths: [path('nowhere')], pieces: [{ runs: 'a10', sources: [0] }], loose: [] };
  await expect(analytics.alignFile({ ...request, old })).rejects.toMatchObject({ code: 'queryFailed' });
  const there = { paths: [path('old')], pieces: [{ runs: 'a10', sources: [0] }], loose: [] };
  expect((await analytics.alignFile({ ...request, old: there })).chunks).toHaveLength(1);
});
