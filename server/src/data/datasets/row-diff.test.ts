import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { locator } from './located-table.ts';
import { countDifferences, findDifferences, type KeyHash, quickKeyHash, slowKeyHash } from './row-diff.ts';
import { compareColumns } from './schema-diff.ts';

let analytics: Analytics;
const folder = await createTempDir();
beforeAll(async () => {
  analytics = await openDuckdb();
});
afterAll(async () => {
  await analytics.close();
  await folder.remove();
});

async function table(name: string, rows: string): Promise<TableSource> {
  const path = join(folder.path, `${name}.parquet`);
  await analytics.copy({ sql: `select * from (values ${rows}) t(a, b, x)`, to: path });
  return { paths: [path], locator: { name: locator, starts: [0], columns } };
}

const columns = [
  { name: 'a', type: 'text' },
  { name: 'b', type: 'integer' },
  { name: 'x', type: 'double' },
] as const;

it.each<[string, KeyHash]>([
  ['quick', quickKeyHash],
  ['slow', slowKeyHash],
])('by the %s hash of a key: missing values are values, and -0 is 0', async (name, keyHash) => {
  // The two texts of `p`, `1;2` and `p;1`, `2` would meet if they were only put together.
  const before = await table(
    `before-${name}`,
    "('p', 1, 0.0::double), (null, 1, 2), ('p', null, 3), ('q;1', 2, 4), ('gone', 0, 1), ('nan', 0, 'nan')",
  );
  const after = await table(
    `after-${name}`,
    "(null, 1, 2.5::double), ('p', 1, -0.0), ('p', null, 3), ('q', 12, 4), ('q;1', 2, null), ('nan', 0, 'nan')",
  );
  const to = join(folder.path, `index-${name}.parquet`);
  const { common } = compareColumns([...columns], [...columns]);
  await findDifferences(analytics, { before, after, common, key: ['a', 'b'], keyHash, to });
  expect(await countDifferences(analytics, to)).toEqual({ added: 1, removed: 1, changed: 2 });
  const { rows } = await analytics.query({
    sql: 'select kind, before_at, after_at from found order by n',
    tables: { found: { paths: [to] } },
  });
  expect(rows.map((row) => Object.values(row))).toEqual([
    [0, null, 3],
    [1, 4, null],
    [2, 1, 0],
    [2, 3, 4],
  ]);
});
