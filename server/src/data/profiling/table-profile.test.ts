import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import { workerPool } from '../../adapters/executor/worker-pool.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { profileTable } from './table-profile.ts';

let analytics: Analytics;
let compute: Compute;
beforeAll(async () => {
  analytics = await openDuckdb();
  compute = workerPool();
});
afterAll(async () => {
  await analytics.close();
  await compute.close();
});

const createdAt = Date.UTC(2026, 0, 1);

async function profileOf(sql: string, time?: string, exactRows?: number) {
  const path = join(await tempDir(), 'table.parquet');
  const { columns, rows } = await analytics.copy({ sql, to: path });
  const { signal } = new AbortController();
  const table = {
    analytics,
    compute,
    source: { paths: [path] },
    rows,
    columns: [...columns],
    signal,
    ...(exactRows && { exactRows }),
  };
  return profileTable(table, { reference: 'prices@1', digest: 'd', bytes: 1, createdAt }, time);
}

describe('columns', () => {
  it('of numbers have moments, quantiles, ends and shares', async () => {
    const { columns } = await profileOf('select unnest([0, 0, 1, 2, 3, 4, -5, 100, null]) as x');
    expect(columns[0]).toMatchObject({
      kind: 'numeric',
      count: 8,
      nulls: 1,
      distinct: 7,
      unique: 6,
      mean: 13.125,
      quartiles: [0, 1.5, 3.25],
      top: [{ value: '0', count: 2 }],
    });
    const detail = columns[0]?.numeric;
    expect(detail).toMatchObject({ sum: 105, range: 105, iqr: 3.25, mad: 1.5, zeros: 2, negatives: 1 });
    // pandas 2.3.3: Series.skew(), Series.kurt(), Series.var()
    expect(detail?.skewness).toBeCloseTo(2.794359404021142, 9);
    expect(detail?.kurtosis).toBeCloseTo(7.859936637675467, 9);
    expect(detail?.lowest[0]).toEqual({ value: -5, count: 1 });
    expect(detail?.highest[0]).toEqual({ value: 100, count: 1 });
  });

  it('are described up to numbers too large to be squared, and integers beyond 2^53', async () => {
    const { columns, sample } = await profileOf(
      `select * from (values (1e308::double, 9223372036854775807), (1e308, 9223372036854775806)) t(huge, long)`,
    );
    expect(columns[0]).toMatchObject({ minimum: 1e308, mean: null, standardDeviation: null });
    expect(columns[1]).toMatchObject({ maximum: 2 ** 63, distinct: 2, unique: 2 });
    expect(columns[1]?.approximate).toEqual(['top', 'lowest', 'highest']);
    expect(sample.head[0]).toEqual({ huge: 1e308, long: '9223372036854775807' });
  });

  it('count infinities and NaN apart from the numbers and from null', async () => {
    const profile = await profileOf(`select unnest(['inf'::double, 1, 3, 'nan', null]) as x`);
    expect(profile.columns[0]).toMatchObject({ count: 4, nulls: 1, distinct: 4, minimum: 1, maximum: 3 });
    expect(profile.columns[0]).toMatchObject({ mean: 2, numeric: { infinities: 1, nans: 1 } });
    expect(profile.warnings.map(({ kind }) => kind)).toContain('infinite');
    expect(profile.sample.head.map(({ x }) => x)).toEqual(['Infinity', 1, 3, 'NaN', null]);
  });

  it('of text have words, lengths and what they could have been', async () => {
    const { columns, warnings } = await profileOf(
      `select 'Row ' || i || ', it is' as words, cast(i as varchar) as digits, '' as nothing from range(60) r(i)`,
    );
    expect(columns[0]).toMatchObject({ kind: 'text', distinct: 60, unique: 60, text: { readsAs: null } });
    expect(columns[0]?.text?.words.slice(0, 3)).toEqual([
      { value: 'is', count: 60 },
      { value: 'it', count: 60 },
      { value: 'row', count: 60 },
    ]);
    expect(columns[0]?.text?.length).toEqual({ minimum: 12, mean: 12 + 50 / 60, median: 13, maximum: 13 });
    expect(columns[1]?.text).toMatchObject({ readsAs: 'numbers', readable: 1 });
    expect(columns[2]).toMatchObject({ kind: 'categorical', categories: { entropy: 0, imbalance: 0 } });
    const kinds = warnings.map(({ kind, columns: [name] }) => `${kind} ${name}`);
    expect(kinds).toEqual(expect.arrayContaining(['numbersAsText digits', 'constant nothing']));
  });

  it('of few values have entropy and imbalance; times have ends, gaps and a future', async () => {
    const { columns, warnings } = await profileOf(
      `select i < 18 as flag, if(i < 10, 'a', 'b') as letter,
        date '2025-12-01' + cast(i + if(i > 10, 30, 0) as integer) as day, i as n from range(20) r(i)`,
    );
    expect(columns[0]).toMatchObject({ kind: 'boolean', distinct: 2, minimum: null });
    expect(columns[0]?.top).toEqual([
      { value: 'true', count: 18 },
      { value: 'false', count: 2 },
    ]);
    expect(columns[0]?.categories?.imbalance).toBeCloseTo(1 - 0.4689955935892812, 12);
    expect(columns[1]?.categories).toEqual({ entropy: 1, imbalance: 0 });
    expect(columns[2]).toMatchObject({ kind: 'datetime', minimum: '2025-12-01', maximum: '2026-01-19' });
    expect(columns[2]?.datetime).toMatchObject({ future: 9, interval: 86_400_000, gaps: { count: 1 } });
    expect(columns[2]?.datetime?.gaps.longest).toMatchObject({ from: '2025-12-11', to: '2026-01-11' });
    expect(warnings.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['imbalance', 'futureDates', 'gaps']),
    );
  });
});

describe('a table', () => {
  it('is told its repeated rows, missing cells and what hangs together', async () => {
    const profile = await profileOf(
      `select i as x, if(i % 4 = 0, null, 2 * i) as y, if(i % 4 = 0, null, 'k' || (i % 3)) as z,
        'k' || (i % 3) as copy from range(60) r(i) union all select 7, 14, 'k1', 'k1' from range(5)`,
    );
    expect(profile).toMatchObject({ rows: 65, cells: 260, missingCells: 30 });
    expect(profile.duplicates).toEqual({
      rows: 5,
      share: 5 / 65,
      top: [{ row: { x: 7, y: 14, z: 'k1', copy: 'k1' }, count: 6 }],
    });
    expect(profile.missing?.patterns).toEqual([
      { columns: [], rows: 50 },
      { columns: ['y', 'z'], rows: 15 },
    ]);
    expect(profile.missing?.correlation?.values[0]?.[1]).toBe(1);
    expect(profile.correlations).toMatchObject({ approximate: false, rows: 65 });
    expect(profile.correlations?.spearman).toEqual({
      columns: ['x', 'y'],
      values: [
        [1, 1],
        [1, 1],
      ],
    });
    expect(profile.correlations?.cramersV?.columns).toEqual(['z', 'copy', 'x', 'y']);
    expect(profile.correlations?.cramersV?.values[0]?.[1]).toBe(1);
    expect(profile.correlations?.strongest[0]).toMatchObject({ value: 1 });
    expect(profile.interactions[0]).toMatchObject({ x: 'x', y: 'y' });
    expect(profile.sample.tail).toHaveLength(10);
  });

  it('has no rows that repeat where a column has no value twice, however wide it is', async () => {
    const columns = Array.from({ length: 1_100 }, (_, n) => `i % 2 as "column ${n}"`);
    const profile = await profileOf(`select i as id, ${columns.join(', ')} from range(50) r(i)`);
    expect(profile.duplicates).toEqual({ rows: 0, share: 0, top: [] });
  });

  it('without rows, or without a value, says so and nothing else', async () => {
    const none = await profileOf('select 1 as x, cast(null as varchar) as y where false');
    expect(none).toMatchObject({ rows: 0, duplicates: { rows: 0 }, missing: null, correlations: null });
    expect(none.warnings.map(({ kind }) => kind)).toEqual(['emptyTable']);
    const empty = await profileOf(
      'select cast(null as double) as x, cast(null as varchar) as y from range(3)',
    );
    expect(empty.columns.map(({ kind }) => kind)).toEqual(['empty', 'empty']);
    expect(empty.warnings.map(({ kind }) => kind)).toEqual(['emptyColumn', 'emptyColumn', 'duplicateRows']);
  });

  it('in the order of its times is a series, by itself or by a column that is named', async () => {
    const sql = `select timestamp '2020-01-01' + to_days(cast(i as integer)) as day, timestamp '2020-01-01' + to_days(cast(i // 2 as integer)) as twice,
      sin(2 * pi() * i / 7) + i % 3 as wave from range(140) r(i)`;
    const { series, warnings } = await profileOf(sql);
    expect(series).toMatchObject({ time: 'day', chosen: false, interval: 86_400_000, approximate: false });
    expect(series?.columns[0]).toMatchObject({ column: 'wave', points: 140, seasonal: true });
    expect(series?.columns[0]?.periods.map(({ period }) => Math.round(period))).toEqual([3, 7]);
    expect(warnings.map(({ kind }) => kind)).toContain('seasonal');
    const chosen = await profileOf(sql, 'twice');
    expect(chosen.series).toMatchObject({ time: 'twice', chosen: true });
    expect(chosen.series?.columns[0]?.points).toBe(70);
    await expect(profileOf(sql, 'wave')).rejects.toMatchObject({ code: 'profileTimeUnknown' });
  });

  it('may have any names, and those we use ourselves', async () => {
    const { columns, sample, duplicates } = await profileOf(
      `select 1 as "h", 2 as "c0", 'a' as "place", 3 as "x""; drop", 4 as "rows_" from range(3)`,
    );
    expect(columns.map(({ column }) => column)).toEqual(['h', 'c0', 'place', 'x"; drop', 'rows_']);
    expect(sample.head[0]).toEqual({ h: 1, c0: 2, place: 'a', 'x"; drop': 3, rows_: 4 });
    expect(duplicates?.top[0]).toEqual({ row: sample.head[0], count: 3 });
  });

  it('of thousands of columns stays below a megabyte, and says what it leaves out', async () => {
    const columns = Array.from({ length: 1_100 }, (_, n) => `least(i, 49) * ${n} / 7 as "column ${n}"`);
    const profile = await profileOf(`select ${columns.join(', ')} from range(51) r(i)`);
    expect(Buffer.byteLength(JSON.stringify(profile))).toBeLessThan(1_000_000);
    expect(profile.columns).toHaveLength(1_100);
    expect(profile.columns[1_099]).toMatchObject({ column: 'column 1099', minimum: 0, maximum: 7693 });
    expect(profile.columns[0]?.numeric).toBeDefined();
    expect(profile.leftOut.join()).toMatch(
      /1059 more numbers.*rows that repeat.*details of the columns after/,
    );
  });

  it('of too many rows keeps exact what one pass gives, and estimates the rest', async () => {
    const sql = `select i as id, case when i % 10 > 0 then i % 40 end as x, i % 4 = 0 as b,
      case when i = 5 then 'inf'::double when i = 6 then 'nan'::double else sqrt(i) end as odd,
      'k' || (i % 3) as k from range(40000) r(i)`;
    const [exact, estimated] = [await profileOf(sql), await profileOf(sql, undefined, 8_000)];
    expect(estimated.leftOut.join()).toContain('beyond 8000 rows');
    for (const [i, column] of estimated.columns.entries()) {
      const whole = exact.columns[i];
      // Texts are counted whole.
      expect(column.approximate?.includes('quantiles') ?? false).toBe(column.type !== 'text');
      const { count, nulls, minimum, maximum, kind } = whole ?? {};
      expect(column).toMatchObject({ count, nulls, minimum, maximum, kind });
      if (whole?.mean != null) expect(column.mean).toBeCloseTo(whole.mean, 6);
      if (whole?.quartiles) {
        const [spread, off] = [
          whole.numeric?.range ?? 0,
          (column.quartiles?.[1] ?? 0) - (whole.quartiles[1] ?? 0),
        ];
        expect(Math.abs(off)).toBeLessThan(0.05 * spread);
      }
    }
    const [, x, b, odd] = estimated.columns;
    expect(x).toMatchObject({ distinct: 36, numeric: { zeros: 0, negatives: 0 } });
    expect(odd?.numeric).toMatchObject({ infinities: 1, nans: 1 });
    expect(b?.categories?.entropy).toBeCloseTo(0.811, 1);
    expect((b?.top ?? []).reduce((sum, { count }) => sum + count, 0)).toBe(40_000);
  });
});
