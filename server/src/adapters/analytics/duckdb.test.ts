import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics, TableSource } from './analytics.ts';
import { openDuckdb } from './duckdb.ts';

let analytics: Analytics;
let folder: string;
let prices: TableSource;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-analytics-'));
  analytics = await openDuckdb({ spillFolder: join(folder, 'spill') });
  const csv = join(folder, 'prices.csv');
  await writeFile(
    csv,
    'symbol,day,close,volume,ok\nAAPL,2024-01-02,185.5,100,true\nMSFT,2024-01-03,370,,false\n',
  );
  const to = join(folder, 'prices.parquet');
  await analytics.importFile({ path: csv, format: 'csv', to });
  prices = { paths: [to] };
});

afterAll(async () => {
  await analytics.close();
  await rm(folder, { recursive: true });
});

describe('query', () => {
  it('gives plain rows with our types', async () => {
    const reply = await analytics.query({ sql: 'select * from prices order by symbol', tables: { prices } });
    expect(reply.columns).toEqual([
      { name: 'symbol', type: 'text' },
      { name: 'day', type: 'date' },
      { name: 'close', type: 'double' },
      { name: 'volume', type: 'integer' },
      { name: 'ok', type: 'boolean' },
    ]);
    expect(reply.rows).toEqual([
      { symbol: 'AAPL', day: '2024-01-02', close: 185.5, volume: 100, ok: true },
      { symbol: 'MSFT', day: '2024-01-03', close: 370, volume: null, ok: false },
    ]);
    expect(reply.truncated).toBe(false);
  });

  it('turns timestamps, decimals, huge integers and nested values into plain values', async () => {
    const { rows, columns } = await analytics.query({
      sql: `select timestamp '2024-01-02 03:04:05.123456' as us, timestamptz '2024-01-02 03:04:05+02:00' as tz,
        timestamp '1969-12-31 23:59:59.999999' as before, 1.25::decimal(10,2) as price, 10::hugeint as h, sum(1) as s,
        [1::bigint, 2] as list, {'a': 'x'} as struct, timestamp_ns '2024-01-02 03:04:05.123456789' as ns, interval 1 day as i`,
    });
    expect(rows[0]).toEqual({
      us: '2024-01-02T03:04:05.123456Z',
      tz: '2024-01-02T01:04:05.000Z',
      before: '1969-12-31T23:59:59.999999Z',
      price: 1.25,
      h: 10,
      s: 1,
      list: '[1,2]',
      struct: '{"a":"x"}',
      ns: '2024-01-02T03:04:05.123456Z',
      i: '1 day',
    });
    expect(columns.map((c) => c.type)).toEqual(
      'timestamp timestamp timestamp double double double text text timestamp text'.split(' '),
    );
  });

  it('refuses a whole number that JavaScript cannot hold exactly', async () => {
    await expect(analytics.query({ sql: 'select 9007199254740993 as big' })).rejects.toMatchObject({
      code: 'numberTooLarge',
    });
  });

  it('binds parameters instead of pasting them', async () => {
    const sql = 'select $1 as a, $2 as b, $3 as c, list_contains($4, symbol) as d from prices limit $5';
    const hostile = "'; drop table prices; --";
    const { rows } = await analytics.query({
      sql,
      tables: { prices },
      parameters: [hostile, 2.5, null, ['AAPL'], 1],
    });
    expect(rows).toEqual([{ a: hostile, b: 2.5, c: null, d: true }]);
  });

  it('keeps statements with their own with-clauses and hostile table names apart', async () => {
    const { rows } = await analytics.query({
      sql: 'with first as (select * from "a""b; drop" limit 1) select count(*) as n from first, "other table"',
      tables: { 'a"b; drop': prices, 'other table': prices },
    });
    expect(rows).toEqual([{ n: 2 }]);
  });

  it('cuts at maxRows and says so', async () => {
    const reply = await analytics.query({ sql: 'select * from range(10000)', maxRows: 7 });
    expect(reply.rows).toHaveLength(7);
    expect(reply.truncated).toBe(true);
    const exact = await analytics.query({ sql: 'select * from range(7)', maxRows: 7 });
    expect(exact.truncated).toBe(false);
  });

  it('is interrupted by its signal and leaves the connection usable', async () => {
    const stop = new AbortController();
    const slow = analytics.query({
      sql: 'select sum(a.range * b.range) from range(1000000) a, range(1000000) b',
      signal: stop.signal,
    });
    setImmediate(() => stop.abort());
    await expect(slow).rejects.toMatchObject({ code: 'queryCancelled' });
    expect((await analytics.query({ sql: 'select 1 as one' })).rows).toEqual([{ one: 1 }]);
  });

  it('says in one line what is wrong with a statement', async () => {
    await expect(
      analytics.query({ sql: 'select nothere from prices', tables: { prices } }),
    ).rejects.toMatchObject({
      code: 'queryFailed',
      message: expect.stringContaining('nothere'),
    });
  });

  it('gives a table without files its columns', async () => {
    const empty: TableSource = { paths: [], columns: [{ name: 'a"b', type: 'double' }] };
    const reply = await analytics.query({ sql: 'select * from empty', tables: { empty } });
    expect(reply).toEqual({ columns: [{ name: 'a"b', type: 'double' }], rows: [], truncated: false });
  });

  it('reads sealed files and an open segment with a torn last line as one table', async () => {
    const lines = join(folder, 'open.ndjson');
    await writeFile(lines, '{"symbol":"NVDA","close":1.5}\n{"symbol":"AM');
    const table: TableSource = {
      paths: prices.paths,
      lines: [lines],
      columns: [
        { name: 'symbol', type: 'text' },
        { name: 'close', type: 'double' },
      ],
    };
    const reply = await analytics.query({ sql: 'select symbol, close from t', tables: { t: table } });
    expect(reply.rows.map((row) => row.symbol)).toEqual(['AAPL', 'MSFT', 'NVDA']);
  });

  it('refuses more waiting queries than its queue holds', async () => {
    const small = await openDuckdb({ concurrency: 1, maxQueue: 1 });
    const replies = await Promise.allSettled([1, 2, 3].map((n) => small.query({ sql: `select ${n} as n` })));
    expect(replies.map((reply) => reply.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await small.close();
  });
});

describe('columns', () => {
  it('gives numbers as typed arrays with NaN for missing values, the rest as text', async () => {
    const reply = await analytics.columns({ sql: 'select * from prices', tables: { prices } });
    expect(reply.names).toEqual(['symbol', 'day', 'close', 'volume', 'ok']);
    expect(reply.values[0]).toEqual(['AAPL', 'MSFT']);
    expect(reply.values[1]).toEqual(['2024-01-02', '2024-01-03']);
    expect(reply.values[2]).toEqual(Float64Array.from([185.5, 370]));
    expect(reply.values[3]).toEqual(Float64Array.from([100, Number.NaN]));
    expect(reply.values[4]).toEqual(Float64Array.from([1, 0]));
    expect(reply.rowCount).toBe(2);
  });

  it('joins many batches and keeps null text null', async () => {
    const reply = await analytics.columns({
      sql: "select range as n, case when range % 2 = 0 then 'x' end as t from range(5000)",
      maxRows: 4500,
    });
    expect(reply.rowCount).toBe(4500);
    expect(reply.values[0]?.[4499]).toBe(4499);
    expect(reply.values[1]?.slice(0, 2)).toEqual(['x', null]);
    expect(reply.values[1]).toHaveLength(4500);
  });
});

describe('exportFile', () => {
  it.each(['csv', 'json', 'ndjson', 'parquet'] as const)(
    'writes %s that imports to the same rows',
    async (format) => {
      const source = join(folder, 'hostile.parquet');
      const sql = `select 'a"b,c' as "na""me", '' as empty, null::varchar as missing, timestamp '2024-01-02 03:04:05.5' as at, 1.5 as x union all select 'line\nbreak', 'x', 'y', null, 2`;
      await analytics.sandboxedCopy({ sql, to: source });
      const written = join(folder, `out.${format}`);
      await analytics.exportFile({ table: { paths: [source] }, format, to: written });
      const back = join(folder, `back-${format}.parquet`);
      await analytics.importFile({ path: written, format, to: back });
      const read = async (path: string) =>
        (await analytics.query({ sql: 'select * from t', tables: { t: { paths: [path] } } })).rows;
      expect(await read(back)).toEqual(await read(source));
    },
  );

  it('takes columns, limit and offset, and writes JSON without NaN', async () => {
    const source = join(folder, 'nan.parquet');
    await analytics.sandboxedCopy({ sql: "select range as n, 'nan'::double as x from range(5)", to: source });
    const to = join(folder, 'part.json');
    await analytics.exportFile({
      table: { paths: [source] },
      columns: ['x', 'n'],
      limit: 2,
      offset: 3,
      format: 'json',
      to,
    });
    expect(JSON.parse(await readFile(to, 'utf8'))).toEqual([
      { x: null, n: 3 },
      { x: null, n: 4 },
    ]);
  });

  it('names a column that is not there', async () => {
    const request = {
      table: prices,
      columns: ['nothere'],
      format: 'csv',
      to: join(folder, 'x.csv'),
    } as const;
    await expect(analytics.exportFile(request)).rejects.toMatchObject({ code: 'queryFailed' });
  });
});
