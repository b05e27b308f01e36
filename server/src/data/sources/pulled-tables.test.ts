import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { openSqlite } from '../../adapters/db/sqlite.ts';
import { openFileSite } from '../../testing/file-site.ts';
import { openSources } from '../../testing/source-wing.ts';
import { createTempDir } from '../../testing/temp-dir.ts';

const folder = await createTempDir();
const database = await openSqlite({ file: join(folder.path, 'sources.db'), durability: 'process' });
const open = async () => database;
afterAll(async () => {
  await database.close();
  await folder.remove();
});

describe('what is pulled', () => {
  test('a pattern of files is one table; their order is that of their names', async () => {
    const { create, pull, rows, write, root } = await openSources((await open()).db);
    await write('b.csv', 'x,y\n2.5,b\n');
    await write('a.csv', 'x,y\n1,a\n');
    await create({ from: { kind: 'path', path: join(root, '*.csv') } });
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', rows: 2 });
    expect(await rows('prices')).toEqual([
      { x: 1, y: 'a' },
      { x: 2.5, y: 'b' },
    ]);
    await write('c.csv', 'x,z\n1,a\n');
    expect(await pull('prices')).toMatchObject({
      state: 'failed',
      error: { code: 'sourceRejected', message: expect.stringMatching(/c\.csv lacks 'y', unlike a\.csv/) },
    });
  });

  test('changed columns stop a pull until somebody accepts just these', async () => {
    const { create, pull, rows, write, root, sources, caller, audit } = await openSources((await open()).db);
    await write('p.csv', 'id,price,note\n1,1,a\n');
    await create({ from: { kind: 'path', path: join(root, 'p.csv') } });
    await pull('prices');
    await write('p.csv', 'id,price,volume\n1,1.5,7\n');
    const stopped = await pull('prices');
    const change = {
      against: 'prices@1',
      added: [{ name: 'volume', type: 'integer' }],
      removed: [{ name: 'note', type: 'text' }],
      retyped: [{ name: 'price', before: 'integer', after: 'double' }],
    };
    expect(stopped).toMatchObject({ state: 'schema-changed', change, version: null });
    expect(await sources.test({ name: 'prices' }, caller)).toMatchObject({ change, isWhole: true });
    expect((await audit.list({ action: 'source.schema-changed' }, caller)).items).toHaveLength(1);
    expect(await rows('prices')).toEqual([{ id: 1, price: 1, note: 'a' }]);
    await write('p.csv', 'id,price,volume,more\n1,1.5,7,x\n');
    expect(await pull('prices', { acceptSchema: true })).toMatchObject({ state: 'schema-changed' });
    expect(await pull('prices', { acceptSchema: true })).toMatchObject({ state: 'succeeded' });
    expect(await rows('prices')).toEqual([{ id: 1, price: 1.5, volume: 7, more: 'x' }]);
    // Narrower values are of the wider type all the same.
    await write('p.csv', 'id,price,volume,more\n1,2,7,5\n');
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', change: null });
    expect(await rows('prices')).toEqual([{ id: 1, price: 2, volume: 7, more: '5' }]);
  });

  test('accepted columns of a source that appends are those of old and new rows', async () => {
    const { create, pull, rows, write, root } = await openSources((await open()).db);
    await write('p.csv', 'id,price,note\n1,1,a\n');
    await create({ from: { kind: 'path', path: join(root, 'p.csv') }, cursor: { column: 'id' } });
    await pull('prices');
    await write('p.csv', 'id,price,volume\n1,1,7\n2,2.5,8\n');
    expect(await pull('prices')).toMatchObject({ state: 'schema-changed' });
    expect(await pull('prices', { acceptSchema: true })).toMatchObject({
      error: null,
      state: 'succeeded',
      rows: 1,
    });
    expect(await rows('prices')).toEqual([
      { id: 1, price: 1, note: 'a', volume: null },
      { id: 2, price: 2.5, note: null, volume: 8 },
    ]);
  });

  test('with a key, rows are put in the place of those they follow; a lookback finds what came late', async () => {
    const { create, pull, rows, write, root, sources, caller } = await openSources((await open()).db);
    const from = { kind: 'path' as const, path: join(root, 'p.csv') };
    await write('p.csv', 'id,at,price\n1,2024-01-01T10:00:00Z,1\n2,2024-01-01T11:00:00.5Z,2\n');
    const cursor = { column: 'at', lookback: 3600 };
    await expect(create({ from, cursor })).rejects.toMatchObject({ code: 'sourceInvalid' });
    await expect(create({ from, cursor, key: 'id', mode: 'append' })).rejects.toMatchObject({
      code: 'sourceInvalid',
    });
    expect(await create({ from, cursor, key: 'id' })).toMatchObject({ mode: 'upsert', key: 'id' });
    await pull('prices');
    expect(await pull('prices', {})).toMatchObject({ state: 'unchanged' });
    const late = '3,2024-01-01T10:30:00Z,3\n4,2024-01-01T09:00:00Z,4\n';
    await write('p.csv', `id,at,price\n2,2024-01-01T11:00:00.5Z,9\n${late}`);
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', rows: 2, error: null });
    expect((await rows('prices')).map(({ id, price }) => [id, price])).toEqual([
      [1, 1],
      [2, 9],
      [3, 3],
    ]);
    expect((await sources.get({ name: 'prices' }, caller)).cursor?.value).toBe('2024-01-01 11:00:00.5');
    await write('p.csv', 'id,at,price\n2,2024-01-01T12:00:00Z,many\n');
    expect(await pull('prices')).toMatchObject({ state: 'schema-changed' });
    expect(await pull('prices', { acceptSchema: true })).toMatchObject({ state: 'succeeded', error: null });
    expect((await rows('prices')).map(({ id, price }) => [id, price])).toEqual([
      [1, '1'],
      [3, '3'],
      [2, 'many'],
    ]);
  });

  test('what fails on its way is tried again; what would fail again is told at once', async () => {
    const { create, pull } = await openSources((await open()).db);
    let failures = 0;
    const site = await openFileSite({ '/p.csv': 'a\n1\n' });
    await create({ from: { kind: 'http', url: `${site.url}/p.csv` } });
    site.pages['/p.csv'] = (_request, response) => {
      failures += 1;
      if (failures === 1) response.writeHead(503).end();
      else response.writeHead(200, { 'content-type': 'text/csv' }).end('a\n2\n');
    };
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', version: 'prices@1' });
    expect(failures).toBe(2);
    delete site.pages['/p.csv'];
    const gone = await pull('prices');
    expect(gone).toMatchObject({ state: 'failed', error: { code: 'sourceRejected' } });
    expect(gone.error?.message).toMatch(/it answers 404\. Check the address/);
  });

  test('compressed files and pages are read as what is in them', async () => {
    const { create, pull, rows, root, sources, caller } = await openSources((await open()).db);
    await writeFile(join(root, 'a.csv.gz'), gzipSync('id,what\n1,a\n'));
    await create({ from: { kind: 'path', path: join(root, 'a.csv.gz') } });
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', error: null, rows: 1 });
    expect(await rows('prices')).toEqual([{ id: 1, what: 'a' }]);
    const site = await openFileSite({
      '/b.tsv.zst': (_, response) => response.end(zstdCompressSync('id\twhat\n2\tb\n')),
    });
    await create({ name: 'page', from: { kind: 'http', url: `${site.url}/b.tsv.zst` } });
    expect(await sources.test({ name: 'page' }, caller)).toMatchObject({ rows: [{ id: 2, what: 'b' }] });
    expect(await pull('page')).toMatchObject({ state: 'succeeded', error: null, rows: 1 });
  });
});
