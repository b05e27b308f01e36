import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { profileTable } from './table-profile.ts';

let analytics: Analytics;
beforeAll(async () => {
  analytics = await openDuckdb();
});
afterAll(() => analytics.close());

async function profileOf(sql: string) {
  const path = join(await tempDir(), 'table.parquet');
  const { columns } = await analytics.copy({ sql, to: path });
  return profileTable(analytics, { paths: [path] }, { digest: '', bytes: 0, columns: [...columns] }, 0);
}

it('describes numbers too large to be squared, and integers beyond 2^53', async () => {
  const { columns } = await profileOf(
    `select * from (values (1e308::double, 9223372036854775807), (-1e308, -9223372036854775807 - 1)) t(huge, long)`,
  );
  expect(columns[0]).toMatchObject({ minimum: -1e308, maximum: 1e308, mean: null, standardDeviation: null });
  expect(columns[1]).toMatchObject({ minimum: -(2 ** 63), maximum: 2 ** 63, distinct: 2 });
  expect(columns[1]?.standardDeviation).toBeGreaterThan(1e18);
});

it('leaves infinities out of the numbers, and counts them', async () => {
  const { columns } = await profileOf(`select unnest(['inf'::double, 1, 3, 'nan', null]) as x`);
  expect(columns[0]).toMatchObject({ count: 4, nulls: 1, minimum: 1, maximum: 3, mean: 2 });
});

it('describes a table of many columns one as the other', async () => {
  const names = Array.from({ length: 300 }, (_, n) => `c${n}`);
  const { rows, columns } = await profileOf(
    `select ${names.map((name, n) => `${n} + i as ${name}`).join(', ')} from range(4) r(i)`,
  );
  expect(rows).toBe(4);
  expect(columns.map((column) => [column.column, column.minimum, column.mean])).toEqual(
    names.map((name, n) => [name, n, n + 1.5]),
  );
});
