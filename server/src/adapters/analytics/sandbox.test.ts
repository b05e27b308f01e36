import { access, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics, TableSource } from './analytics.ts';
import { openDuckdb } from './duckdb.ts';

let analytics: Analytics;
let folder: string;
let table: TableSource;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidemill-sand'box-"));
  analytics = await openDuckdb({ sandboxMemory: '200MB' });
  await writeFile(join(folder, 'open.csv'), 'n,s\n1,a\n2,b\n');
  await writeFile(join(folder, 'secret.csv'), 'secret\n42\n');
  await symlink(join(folder, 'secret.csv'), join(folder, 'link.csv'));
  const to = join(folder, 'open.parquet');
  await analytics.importFile({ path: join(folder, 'open.csv'), format: 'csv', to });
  await analytics.importFile({
    path: join(folder, 'secret.csv'),
    format: 'csv',
    to: join(folder, 'secret.parquet'),
  });
  table = { paths: [to] };
});

afterAll(async () => {
  await analytics.close();
  await rm(folder, { recursive: true });
});

const select = (sql: string) => analytics.sandboxedQuery({ sql, tables: { t: table } });
const codeOf = (sql: string) =>
  select(sql).then(
    () => 'it ran',
    (error: { code: string }) => error.code,
  );

describe('sandboxedQuery', () => {
  it('cuts long texts where it is told to, in the order of the select, and reads no more of them', async () => {
    const sql = `select n, repeat(s, 10000000) as long, 'é😀' || s as short, [repeat(s, 20)] as list
      from t order by n desc`;
    const { columns, rows } = await analytics.sandboxedQuery({ sql, tables: { t: table }, maxCell: 10 });
    expect(columns.map(({ type }) => type)).toEqual(['integer', 'text', 'text', 'text']);
    expect(rows).toEqual([
      { n: 2, long: `${'b'.repeat(10)}…`, short: 'é😀b', list: '["bbbbbbbb…' },
      { n: 1, long: `${'a'.repeat(10)}…`, short: 'é😀a', list: '["aaaaaaaa…' },
    ]);
    const second = {
      sql: 'select 1) t; drop view t; select * from (select 2',
      tables: { t: table },
      maxCell: 10,
    };
    await expect(analytics.sandboxedQuery(second)).rejects.toMatchObject({ status: expect.any(Number) });
  });

  it('reads its tables, with any shape of select and with parameters', async () => {
    expect((await select('select * from t order by n desc -- all')).rows).toEqual([
      { n: 2, s: 'b' },
      { n: 1, s: 'a' },
    ]);
    expect((await select('with a as (from t) select count(*) as c from a;')).rows).toEqual([{ c: 2 }]);
    const bound = { sql: 'select n from t where s = $1', tables: { t: table }, parameters: ["a' or 1=1 --"] };
    expect((await analytics.sandboxedQuery(bound)).rows).toEqual([]);
  });

  it('cuts a long result', async () => {
    const reply = await select('select * from range(1000000)');
    expect(reply.rows).toHaveLength(10_000);
    expect(reply.truncated).toBe(true);
  });

  it.each([
    'insert into t values (1)',
    'create table x as select 1',
    'drop view t',
    "copy (select 1) to '/tmp/owned.csv'",
    "copy t to '/tmp/owned.csv'",
    "attach '/tmp/owned.db'",
    "export database '/tmp/owned'",
    'install httpfs',
    'load httpfs',
    "set memory_limit = '10GB'",
    'set lock_configuration = false',
    'call pragma_version()',
    'explain analyze select 1',
    'select 1; select 2',
    "select 1; copy (select 1) to '/tmp/owned.csv'",
    '',
    'prepare p as select 1',
    'checkpoint',
  ])('refuses %s', async (sql) => {
    expect(await codeOf(sql)).toMatch(/^query(?:Refused|Failed)$/);
    await expect(access('/tmp/owned.csv')).rejects.toThrow();
  });

  it('reads no other file, however it is named', async () => {
    const quoted = (name: string) => join(folder, name).replaceAll("'", "''");
    for (const sql of [
      "select * from read_csv('/etc/passwd')",
      "select * from read_text('/etc/passwd')",
      "select * from '/etc/passwd'",
      "select * from glob('/etc/*')",
      "select * from read_csv('http://127.0.0.1:1/x.csv')",
      `select * from read_parquet('${quoted('secret.parquet')}')`,
      `select * from read_csv('${quoted('link.csv')}')`,
      `select * from read_parquet('${quoted('open.parquet/../secret.parquet')}')`,
      `select * from read_parquet('${quoted('*.parquet')}')`,
      "select * from query('copy (select 1) to ''/tmp/owned.csv''')",
      "select * from query_table('/etc/passwd')",
      "select * from duckdb_secrets() where false union all select getenv('HOME')",
    ])
      expect([sql, await codeOf(sql)]).toEqual([sql, expect.stringMatching(/^query(?:Refused|Failed)$/)]);
  });

  it('is bounded in memory and leaves the next query alone', async () => {
    const sql = "select list(repeat('x', 1000) || range) as l from range(10000000)";
    expect(await codeOf(sql)).toBe('queryTooLarge');
    expect((await select('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('stops at its signal', async () => {
    const stop = new AbortController();
    const sql = 'select sum(a.range * b.range) from range(1000000) a, range(1000000) b';
    const slow = analytics.sandboxedQuery({ sql, signal: stop.signal });
    setImmediate(() => stop.abort(new Error('time is up')));
    await expect(slow).rejects.toThrow('time is up');
  });
});

describe('sandboxedCopy', () => {
  it('writes the result as a typed file', async () => {
    const to = join(folder, 'copied.parquet');
    const sql = `select n as "a""b", n / 2 as half, 1.5::decimal(4,1) as price, [n] as list, null::varchar as nothing, 'a'::enum('a') as e from t`;
    const reply = await analytics.sandboxedCopy({ sql, tables: { t: table }, to });
    expect(reply).toEqual({
      rows: 2,
      columns: [
        { name: 'a"b', type: 'integer', nullable: false },
        { name: 'half', type: 'double', nullable: false },
        { name: 'price', type: 'double', nullable: false },
        { name: 'list', type: 'text', nullable: false },
        { name: 'nothing', type: 'text', nullable: true },
        { name: 'e', type: 'text', nullable: false },
      ],
    });
    const back = await analytics.query({ sql: 'select * from c', tables: { c: { paths: [to] } } });
    expect(back.rows[1]).toEqual({ 'a"b': 2, half: 1, price: 1.5, list: '[2]', nothing: null, e: 'a' });
    expect(await analytics.describeFile(to)).toMatchObject({
      rows: 2,
      columns: reply.columns.map(({ name, type }) => ({ name, type })),
    });
  });

  it('keeps every row of a large result, in order', async () => {
    const to = join(folder, 'large.parquet');
    const reply = await analytics.sandboxedCopy({ sql: 'select range as n from range(300000)', to });
    expect(reply.rows).toBe(300_000);
    const { values } = await analytics.columns({ sql: 'select n from c', tables: { c: { paths: [to] } } });
    expect(values[0]?.every((n, i) => n === i)).toBe(true);
  });

  it('refuses what is no select, and what would break out of one', async () => {
    const to = join(folder, 'refused.parquet');
    for (const sql of ["select 1) to '/tmp/owned.csv' --", 'drop table temp.sealed', 'select 1; select 2'])
      await expect(analytics.sandboxedCopy({ sql, to })).rejects.toMatchObject({
        code: expect.stringMatching(/^query(?:Refused|Failed)$/),
      });
    await expect(access(to)).rejects.toThrow();
    await expect(access('/tmp/owned.csv')).rejects.toThrow();
  });

  it('takes hostile names of columns, fields and labels as names', async () => {
    const to = join(folder, 'hostile.parquet');
    const evil = `x" INTEGER)); copy (select 1) to '/tmp/owned.csv'; --`;
    const name = `"${evil.replaceAll('"', '""')}"`;
    const text = `'${evil.replaceAll("'", "''")}'`;
    const sql = `select 1 as ${name}, {${text}: 1} as s, ${text}::enum(${text}) as e, union_value(${name} := 1) as u`;
    const reply = await analytics.sandboxedCopy({ sql, to });
    expect(reply.columns[0]?.name).toBe(evil);
    const back = await analytics.query({ sql: 'select * from c', tables: { c: { paths: [to] } } });
    expect(back.rows[0]).toMatchObject({ [evil]: 1, s: JSON.stringify({ [evil]: 1 }), e: evil });
    await expect(access('/tmp/owned.csv')).rejects.toThrow();
  });

  it('fails beyond its limit', async () => {
    const to = join(folder, 'limited.parquet');
    const request = { sql: 'select * from range(5000)', to, maxRows: 100 };
    await expect(analytics.sandboxedCopy(request)).rejects.toMatchObject({ code: 'queryTooLarge' });
    await expect(access(to)).rejects.toThrow();
  });
});

it('ends a select that never would, and goes on', async () => {
  const impatient = await openDuckdb({ sandboxMs: 100 });
  const endless = { sql: 'select count(*) from range(100000000000) a, t', tables: { t: table } };
  const failing = expect(impatient.sandboxedQuery(endless)).rejects;
  await failing.toMatchObject({ code: 'queryCancelled', message: expect.stringContaining('time was over') });
  const quick = { sql: 'select 1 as one' };
  expect((await impatient.sandboxedQuery(quick)).rows).toEqual([{ one: 1 }]);
  await impatient.close();
});
