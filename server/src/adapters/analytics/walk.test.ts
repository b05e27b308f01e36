import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics, SealedEngine } from './analytics.ts';
import { openDuckdb } from './duckdb.ts';

let analytics: Analytics;

beforeAll(async () => {
  analytics = await openDuckdb();
});
afterAll(() => analytics.close());

const inEngine = <T>(work: (engine: SealedEngine) => Promise<T>, signal?: AbortSignal): Promise<T> =>
  analytics.sealed({ tables: {}, signal }, work);
const numbers = (count: number) => `select range as n, make_timestamp(range) as t from range(${count})`;
const columns = { n: 'integer', t: 'timestamp' } as const;

describe('walk', () => {
  it('gives all rows in their order and keeps what is made of them', async () => {
    const rows = await inEngine(async (engine) => {
      let expected = 0n;
      await engine.walk({ sql: numbers(300_001), table: 'made', columns }, (given, made) => {
        const [n, t] = given.columns;
        for (let i = 0; i < given.count; i += 1) {
          if (n?.[i] !== expected) throw new Error(`row ${expected} is ${n?.[i]}`);
          expected += 1n;
          if (Number(expected) % 3 !== 0) continue;
          const place = made.next();
          made.columns[0]?.fill(n[i] ?? 0n, place, place + 1);
          made.columns[1]?.fill(t?.[i] ?? 0n, place, place + 1);
        }
      });
      const found = await engine.query(
        'select count(*) as rows, sum(n)::double as sum, bool_and(epoch_us(t) = n) as same from made',
      );
      return found.rows;
    });
    expect(rows).toEqual([{ rows: 100_000, sum: (100_000 * (2 + 299_999)) / 2, same: true }]);
  });

  it('makes an empty table of no rows', async () => {
    const { rows } = await inEngine(async (engine) => {
      await engine.walk({ sql: numbers(0), table: 'made', columns }, () => undefined);
      return engine.query('select count(*) as n from made');
    });
    expect(rows).toEqual([{ n: 0 }]);
  });

  it('fails with what the step throws, and with what the select does; others go on', async () => {
    const failing = (sql: string) =>
      inEngine((engine) =>
        engine.walk({ sql, table: 'made', columns }, (_, made) => {
          made.next();
          throw new Error('this row is odd');
        }),
      );
    await expect(failing(numbers(10_000))).rejects.toThrow('this row is odd');
    await expect(failing('select nothing')).rejects.toMatchObject({ code: 'queryFailed' });
    expect(await inEngine((engine) => engine.query('select 1 as one'))).toMatchObject({ rows: [{ one: 1 }] });
  });

  it('stops at its signal', async () => {
    const stop = new AbortController();
    const walking = inEngine(
      (engine) =>
        engine.walk({ sql: numbers(100_000_000), table: 'made', columns }, () =>
          stop.abort(new Error('time is up')),
        ),
      stop.signal,
    );
    await expect(walking).rejects.toThrow('time is up');
  });
});
