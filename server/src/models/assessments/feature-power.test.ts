import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { measurePowers } from './feature-power.ts';
import type { Table } from './tables.ts';

let analytics: Analytics;
let folder: Awaited<ReturnType<typeof createTempDir>>;
beforeAll(async () => {
  analytics = await openDuckdb();
  folder = await createTempDir();
});
afterAll(async () => {
  await analytics.close();
  await folder.remove();
});

type Type = Table['columns'][number]['type'];
let files = 0;
async function powersOf(
  columns: Record<string, Type>,
  rows: readonly Record<string, unknown>[],
  target = 'y',
) {
  files += 1;
  const to = join(folder.path, `${files}.parquet`);
  const heads = Object.entries(columns).map(([name, type]) => ({ name, type }));
  const sql = `select ${heads.map(({ name, type }) => `cast(json_extract_string(value, '$.${name}') as ${type === 'text' ? 'varchar' : type}) as ${name}`).join(', ')}
    from (select unnest(cast(cast($1 as json) as json[])) as value)`;
  await analytics.copy({ sql, parameters: [JSON.stringify(rows)], to });
  const table = { reference: 't@1', columns: heads, rows: rows.length, source: { paths: [to] } };
  const pair = { analytics, train: table, other: table, signal: new AbortController().signal };
  return measurePowers(pair, Object.keys(columns), target, 0.99);
}

test('of a class: |2 AUC - 1| over all pairs, ties half, missing values lowest', async () => {
  const row = fc.record({ x: fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }), y: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 2, maxLength: 30 }), async (rows) => {
      const found = await powersOf({ x: 'integer', y: 'boolean' }, rows);
      const at = (label: boolean) => rows.filter(({ y }) => y === label).map(({ x }) => x ?? -1);
      const [positive, negative] = [at(true), at(false)];
      if (positive.length === 0 || negative.length === 0) {
        expect(found).toEqual([]);
        return;
      }
      const won = positive.flatMap((a) => negative.map((b): number => (a > b ? 1 : a === b ? 0.5 : 0)));
      const auc = won.reduce((sum, each) => sum + each, 0) / won.length;
      expect(found[0]?.measure).toBe('auc');
      expect(found[0]?.power).toBeCloseTo(Math.abs(2 * auc - 1), 10);
    }),
    { numRuns: 15 },
  );
});

test('of a number: the correlation of ranks; of texts: what each value tells', async () => {
  const rows = Array.from({ length: 100 }, (_, i) => ({
    ...{ y: (i % 10) ** 3, up: i % 10, noise: (i * 37) % 11, city: `c${i % 10}`, id: `id${i}` },
  }));
  const found = await powersOf(
    { y: 'integer', up: 'integer', noise: 'integer', city: 'text', id: 'text' },
    rows,
  );
  // A name for each row is left out: it would tell everything and mean nothing.
  expect(found.map(({ feature }) => feature).sort()).toEqual(['city', 'noise', 'up']);
  const named = new Map(found.map((each) => [each.feature, each]));
  expect(named.get('up')).toMatchObject({ measure: 'spearman', suspicious: true });
  expect(named.get('up')?.power).toBeCloseTo(1, 10);
  expect(named.get('city')).toMatchObject({ measure: 'correlation-ratio', suspicious: true });
  expect(named.get('noise')?.power).toBeLessThan(0.4);
});

test('of many classes: texts by majority, numbers by their means', async () => {
  const rows = Array.from({ length: 90 }, (_, i) => ({
    ...{ y: `k${i % 3}`, same: `s${i % 3}`, half: i % 3 === 0 ? 'a' : 'b', level: (i % 3) * 100 + (i % 7) },
  }));
  const found = await powersOf({ y: 'text', same: 'text', half: 'text', level: 'integer' }, rows);
  const named = new Map(found.map((each) => [each.feature, each]));
  expect(named.get('same')).toMatchObject({ measure: 'majority', power: 1, suspicious: true });
  expect(named.get('half')).toMatchObject({ measure: 'majority', power: 0.5, suspicious: false });
  expect(named.get('level')).toMatchObject({ measure: 'correlation-ratio', suspicious: true });
});
