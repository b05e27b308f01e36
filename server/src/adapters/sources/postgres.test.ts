import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isPostgresThere, postgresUrl } from '../../testing/each-database.ts';
import { openQueryDatabase } from '../../testing/query-database.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { openSourceReader } from './reader.ts';
import type { FetchRequest } from './sources.ts';

async function fetchRows(
  query: string,
  url: string,
  request: Partial<FetchRequest> = {},
  allowPrivate = true,
) {
  const temp = await createTempDir();
  onTestFinished(() => temp.remove());
  const folder = join(temp.path, 'in');
  await mkdir(folder);
  const fetched = await openSourceReader({ roots: [], allowPrivate, maxBytes: 1 << 26 }).fetch({
    ...{ from: { kind: 'postgres', query }, secrets: { url }, format: null, folder, validator: null },
    ...{ sample: false, cursor: null, signal: new AbortController().signal },
    ...request,
  });
  if (fetched.unchanged) throw new Error('nothing was read');
  return { ...fetched, text: await readFile(fetched.files[0]?.path ?? '', 'utf8') };
}

describe.skipIf(!isPostgresThere)('rows of PostgreSQL', () => {
  test('come as text of our six types', async () => {
    const { text, types } = await fetchRows(
      `select 1::int8 i, 1.50::numeric(9,2) n, 0.1::float4 f, date '2024-02-01' d,
        timestamptz '2024-02-01 12:00:00.000001+02' z, true b, '{"a": 1}'::jsonb j, array[1,2] a,
        '00000000-0000-0000-0000-000000000001'::uuid u, row(1,'x') r, null::int e, '12:00'::time t;`,
      postgresUrl,
    );
    expect(text).toBe(
      'i,n,f,d,z,b,j,a,u,r,e,t\n' +
        '1,1.5,0.1,2024-02-01,2024-02-01 10:00:00.000001+00,true,"{""a"": 1}","[1,2]",' +
        '00000000-0000-0000-0000-000000000001,"{""f1"":1,""f2"":""x""}",,12:00:00\n',
    );
    expect(Object.values(types ?? {}).join()).toBe(
      'integer,double,double,date,timestamp,boolean,text,text,text,text,integer,text',
    );
  });

  test('a query can only read, whatever it says', async () => {
    const { schema, run, url } = await openQueryDatabase();
    await run('create table t (id int)');
    await run(
      `create function adds() returns int language sql volatile as $$ insert into ${schema}.t values (7) returning id $$`,
    );
    const writing = [
      `delete from ${schema}.t`,
      `with d as (delete from ${schema}.t returning *) select * from d`,
      `select ${schema}.adds()`,
      `select 1) as q; drop table ${schema}.t; --`,
      `select 1; drop table ${schema}.t`,
      `select 1) to stdout; commit; drop table ${schema}.t; --`,
      `select 1) as q) to program 'touch /tmp/x' --`,
      `select 1 /*`,
      `select set_config('transaction_read_only', 'off', true), ${schema}.adds()`,
      'select $1::text',
    ];
    for (const query of writing)
      await expect(fetchRows(query, url), query).rejects.toMatchObject({
        status: 400,
        code: 'sourceRejected',
      });
    expect((await run('select count(*)::int n from t')).rows).toEqual([{ n: 0 }]);
    await expect(fetchRows(`select ${schema}.adds()`, url)).rejects.toThrow('Sources only read');
  });

  test('a wrong address, name or password names the remedy and leaks nothing', async () => {
    const url = new URL(postgresUrl);
    const at = (change: (copy: URL) => void) => {
      const copy = new URL(url);
      change(copy);
      return copy.href;
    };
    const missing = at((copy) => {
      copy.pathname = '/no_such_database';
      copy.password = 'swordfish';
    });
    const attempt = fetchRows('select 1', missing);
    await expect(attempt).rejects.toMatchObject({
      code: 'sourceRejected',
      message: expect.stringContaining("secret 'url'"),
    });
    await expect(attempt).rejects.not.toThrow('swordfish');
    const unknown = at((copy) => {
      copy.username = 'nobody_here';
    });
    await expect(fetchRows('select 1', unknown)).rejects.toMatchObject({ code: 'sourceRejected' });
    const shut = at((copy) => {
      copy.port = '1';
    });
    await expect(fetchRows('select 1', shut)).rejects.toMatchObject({ code: 'sourceUnreachable' });
    for (const odd of ['postgres://u@/db', 'mysql://u@h/db', 'postgres://u:p@h/db?sslkey=/etc/passwd', 'x'])
      await expect(fetchRows('select 1', odd)).rejects.toMatchObject({ code: 'sourceInvalid' });
    await expect(fetchRows('select 1', url.href, {}, false)).rejects.toMatchObject({ code: 'sourceRefused' });
  });

  test('a cursor asks the server for what is behind it, in order', async () => {
    const { schema, run, url } = await openQueryDatabase();
    await run('create table t (id int, name text, amount numeric)');
    await run("insert into t values (3, 'b', 1), (1, 'B', 2), (2, 'a''b', 3), (null, 'x', 4)");
    const query = `select * from ${schema}.t`;
    const behind = async (column: string, after: string | null) =>
      (await fetchRows(query, url, { cursor: { column, after } })).text.trim().split('\n').slice(1);
    expect(await behind('id', null)).toEqual(['1,B,2', "2,a'b,3", '3,b,1']);
    expect(await behind('id', '2')).toEqual(['3,b,1']);
    expect(await behind('name', "a'b")).toEqual(['3,b,1', ',x,4']);
    await expect(behind('amount', '1')).rejects.toThrow('cannot be a cursor');
    await expect(behind('none', '1')).rejects.toThrow("no column 'none'");
  });

  test('is left at once when nobody waits any more', async () => {
    const stop = new AbortController();
    const fetching = fetchRows('select pg_sleep(30)', postgresUrl, { signal: stop.signal });
    const started = performance.now();
    setTimeout(() => stop.abort(), 50);
    await expect(fetching).rejects.toThrow();
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
