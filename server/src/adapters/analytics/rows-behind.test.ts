import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Analytics, ImportRequest } from './analytics.ts';
import { openDuckdb } from './duckdb.ts';

let analytics: Analytics;
let folder: string;
let path: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-behind-'));
  analytics = await openDuckdb();
  path = join(folder, 'feed.parquet');
  const sql = `select i as id, i::integer as small, i / 4.0::double as x, date '2020-01-01' + i::integer as day, timestamp '2020-01-01' + interval (i) second as at,
    timestamptz '2020-01-01 00:00:00+00' + interval (i) second as zoned, 'k' || lpad(i::varchar, 5, '0') as code, case when i % 2 = 0 then i end as gap from range(1000) t(i)`;
  // As others write it: the port would make it one of our types.
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(`copy (${sql}) to '${path}' (format parquet)`);
  connection.closeSync();
  instance.closeSync();
});
afterAll(async () => {
  await analytics.close();
  await rm(folder, { recursive: true });
});

async function rowsBehind(behind: ImportRequest['behind'], more: Partial<ImportRequest> = {}) {
  files += 1;
  const to = join(folder, `typed-${files}.parquet`);
  const request = { path, format: 'parquet', to, ...(behind && { behind }), ...more } as const;
  return (await analytics.importFile(request)).rows;
}

test.each([
  ['id', '989', 10],
  ['small', '989', 10],
  ['x', '247.25', 10],
  ['day', '2022-09-16', 10],
  ['at', '2020-01-01 00:16:29', 10],
  ['code', 'k00989', 10],
  ['gap', '989', 5],
  ['id', '999', 0],
])('only rows whose %s is greater than %s are read of a Parquet file', async (column, after, rows) => {
  expect(await rowsBehind({ column, after })).toBe(rows);
});

test.each([
  ['another type than it was', 'id', '2020-01-01'],
  ['a number beyond the column', 'small', '99999999999'],
  ['a column that is not there', 'none', '1'],
  ['times with a zone', 'zoned', '2020-01-01 00:16:29'],
])('%s gives all rows', async (_, column, after) => {
  expect(await rowsBehind({ column, after })).toBe(1000);
});

test('goes by our names', async () => {
  expect(await rowsBehind({ column: 'nr', after: '989' }, { mapping: { nr: 'id' } })).toBe(10);
});
