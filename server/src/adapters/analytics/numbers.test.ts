import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics } from './analytics.ts';
import { openDuckdb } from './duckdb.ts';

let analytics: Analytics;
beforeAll(async () => {
  analytics = await openDuckdb();
});
afterAll(() => analytics.close());

const isMissing = (bits: Uint8Array | null, row: number): boolean =>
  (((bits?.[row >>> 3] ?? 0) >>> (row & 7)) & 1) === 1;

describe('numbers', () => {
  const rows = 10_007;
  const sql = `select i::double as a, case when i % 3 > 0 then i * 0.5::double end as b from range(${rows}) t(i)`;

  it('come in the order of the rows, with NaN and a bit where one is missing', async () => {
    const [a, b] = await analytics.numbers({ sql, rows });
    expect([...(a?.values ?? [])]).toEqual(Array.from({ length: rows }, (_, i) => i));
    expect(a).toMatchObject({ nulls: null, nullCount: 0 });
    expect([...(b?.values ?? [])]).toEqual(
      Array.from({ length: rows }, (_, i) => (i % 3 > 0 ? i * 0.5 : Number.NaN)),
    );
    expect(b?.nullCount).toBe(Math.ceil(rows / 3));
    for (let row = 0; row < rows; row += 1) expect(isMissing(b?.nulls ?? null, row)).toBe(row % 3 === 0);
  });

  it('tell NaN from what is missing', async () => {
    const found = await analytics.numbers({ sql: `select unnest(['nan'::double, null, 1]) as x`, rows: 3 });
    expect([...(found[0]?.values ?? [])]).toEqual([Number.NaN, Number.NaN, 1]);
    expect(found[0]?.nullCount).toBe(1);
    expect(isMissing(found[0]?.nulls ?? null, 1)).toBe(true);
  });

  it('are only those of the places asked for, while all that are missing are told', async () => {
    const places = Uint32Array.of(0, 1, 2_047, 2_048, 6_000, rows - 1);
    const [a, b] = await analytics.numbers({ sql, rows, places });
    expect([...(a?.values ?? [])]).toEqual([...places]);
    expect([...(b?.values ?? [])].slice(0, 2)).toEqual([Number.NaN, 0.5]);
    expect(b?.nullCount).toBe(Math.ceil(rows / 3));
  });

  it('lie in memory that threads share', async () => {
    const [a] = await analytics.numbers({ sql, rows });
    expect(a?.values.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('are doubles, and no more than was said', async () => {
    await expect(analytics.numbers({ sql: 'select 1 as x', rows: 1 })).rejects.toThrow(/must be DOUBLE/);
    await expect(analytics.numbers({ sql, rows: 5_000 })).rejects.toThrow(/more than the 5000 rows/);
    expect(
      (await analytics.numbers({ sql: 'select 1::double as x where false', rows: 9 }))[0]?.values,
    ).toHaveLength(0);
  });

  it('stop when the caller leaves', async () => {
    const stop = new AbortController();
    const reading = analytics.numbers({
      sql: 'select sum(a.range * b.range)::double as x from range(1000000) a, range(100000) b',
      rows: 1,
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(), 30);
    await expect(reading).rejects.toMatchObject({ code: 'queryCancelled' });
  });
});
