import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSqlite } from '../../adapters/db/sqlite.ts';
import { callerIn, createDataWing, type DataWing, textOf } from '../../testing/data-wing.ts';
import { createTestPlatform } from '../../testing/platform.ts';
import { createTempDir } from '../../testing/temp-dir.ts';

const caller = callerIn('upserts');
const folder = await createTempDir();
const database = await openSqlite({ file: `${folder.path}/upserts.db`, durability: 'process' });
let wing: DataWing;
let names = 0;
beforeAll(async () => {
  wing = await createDataWing(database);
});
afterAll(async () => {
  await wing.close();
  await database.close();
  await folder.remove();
});

const header = 'id,day,price\n';
const upload = (name: string, lines: readonly string[], more: object = {}) =>
  wing.datasets.commit(
    { name, format: 'csv', content: Buffer.from(`${header}${lines.join('\n')}\n`), ...more },
    caller,
  );
const upsert = (name: string, lines: readonly string[], key = 'id') =>
  upload(name, lines, { mode: 'upsert', key });
const read = async (name: string) =>
  textOf((await wing.datasets.read({ name, version: 'latest', format: 'csv' }, caller)).content);
const fresh = () => `table-${++names}`;

test('rows whose key is there are replaced where they stand, others come behind all, in their order', async () => {
  const name = fresh();
  await upload(name, ['1,2024-01-01,1.5', '2,2024-01-01,2.5', '3,2024-01-01,3.5']);
  const version = await upsert(name, ['9,2024-01-02,9.5', '2,2024-01-02,', '7,2024-01-02,7.5']);
  expect(version).toMatchObject({ version: 2, rows: 5, parent: 1, unchanged: false });
  expect(version.provenance.detail).toEqual({ format: 'csv', mode: 'upsert', key: 'id' });
  expect(await read(name)).toBe(
    `${header}1,2024-01-01,1.5\n2,2024-01-02,\n3,2024-01-01,3.5\n9,2024-01-02,9.5\n7,2024-01-02,7.5\n`,
  );
  expect(await wing.lineage.lineage({ uri: version.uri }, caller)).toMatchObject({
    upstream: [{ from: `dataset:${name}@1`, relation: 'upsert' }],
  });
  expect(await upsert(name, ['7,2024-01-02,7.5'])).toMatchObject({ version: 2, unchanged: true });
});

test('the first rows of a dataset, and those of an emptied one, need no version before', async () => {
  const name = fresh();
  expect(await upsert(name, ['1,2024-01-01,1.5'])).toMatchObject({ version: 1, rows: 1 });
  const key = 'day, id';
  expect(await upsert(name, ['1,2024-01-02,4.5', '1,2024-01-01,2.5'], key)).toMatchObject({ rows: 2 });
  expect(await read(name)).toBe(`${header}1,2024-01-01,2.5\n1,2024-01-02,4.5\n`);
});

test('without a key, the one that the dataset remembers counts', async () => {
  const name = fresh();
  await upload(name, ['1,2024-01-01,1.5']);
  await expect(upload(name, ['1,2024-01-01,2.5'], { mode: 'upsert' })).rejects.toMatchObject({
    code: 'upsertKeyInvalid',
  });
  await wing.datasets.update({ name, key: ['id'] }, caller);
  expect(await upload(name, ['1,2024-01-01,2.5'], { mode: 'upsert' })).toMatchObject({ rows: 1 });
});

test('a key that names two rows is refused by name, on either side, and nothing changes', async () => {
  const name = fresh();
  await upload(name, ['1,2024-01-01,1.5', '1,2024-01-02,2.5']);
  await expect(upsert(name, ['2,2024-01-01,1.5', '2,2024-01-01,2.5'])).rejects.toThrow(
    `${name}.csv has 2 rows with the key id=2`,
  );
  await expect(upsert(name, ['2,2024-01-01,1.5'])).rejects.toThrow(`${name}@1 has 2 rows with the key id=1`);
  await expect(upsert(name, ['2,2024-01-01,1.5'], 'ident')).rejects.toMatchObject({
    code: 'datasetColumnNotFound',
  });
  await expect(upsert(fresh(), ['2,2024-01-01,1.5', '2,2024-01-01,1.5'])).rejects.toMatchObject({
    code: 'upsertKeyDuplicate',
  });
  expect(await wing.datasets.get({ name }, caller)).toMatchObject({ latestVersion: 1 });
});

test('over HTTP a key belongs to an upsert, and an upsert to a key', async () => {
  const platform = await createTestPlatform();
  try {
    await platform.http.listen({ host: '127.0.0.1', port: 0 });
    const { port } = platform.http.server.address() as AddressInfo;
    const put = async (query: string) => {
      const url = `http://127.0.0.1:${port}/api/v1/datasets/prices?${query}`;
      const headers = { 'content-type': 'text/csv' };
      return (await fetch(url, { method: 'PUT', headers, body: 'id,x\n1,2\n' })).json();
    };
    expect(await put('mode=upsert')).toMatchObject({ error: { code: 'upsertKeyInvalid' } });
    expect(await put('mode=append&key=id')).toMatchObject({ error: { code: 'upsertKeyInvalid' } });
    expect(await put('key=id')).toMatchObject({ error: { code: 'upsertKeyInvalid' } });
    expect(await put('mode=upsert&key=id')).toMatchObject({ reference: 'prices@1' });
  } finally {
    await platform.close();
  }
});

test('random upserts leave what a map would, missing keys and all; the rest of a large table stays as it was', async () => {
  const tail = Array.from({ length: 9_000 }, (_, i) => [`${i + 100}`, `2024-01-01,${i}.5`] as const);
  const key = fc.oneof(fc.integer({ min: 0, max: 12 }).map(String), fc.constant(''));
  const rows = fc.uniqueArray(fc.tuple(key, fc.integer({ min: 0, max: 9 })), {
    selector: ([id]) => id,
    minLength: 1,
  });
  await fc.assert(
    fc.asyncProperty(rows, fc.array(rows, { minLength: 1, maxLength: 3 }), async (first, uploads) => {
      const name = fresh();
      const line = (id: string, n: number): [string, string] => [id, `2024-01-01,${n}.5`];
      const all = new Map<string, string>([...tail, ...first.map(([id, n]) => line(id, n))]);
      const linesOf = (map: Iterable<readonly [string, string]>) =>
        [...map].map(([id, rest]) => `${id},${rest}`);
      await upload(name, linesOf(all));
      for (const part of uploads) {
        const map = part.map(([id, n]) => line(id, n));
        for (const [id, rest] of map) all.set(id, rest);
        await upsert(name, linesOf(map));
        expect((await read(name)) === `${header}${linesOf(all).join('\n')}\n`).toBe(true);
      }
      const again = await upload(fresh(), linesOf(all));
      expect(await wing.datasets.find({ name, version: 'latest' }, caller.workspace)).toMatchObject({
        digest: again.digest,
      });
    }),
    { numRuns: 4 },
  );
});

test('keys scattered over a large table cost what they change, also on top of one another', async () => {
  const name = fresh();
  const lines = Array.from({ length: 24_000 }, (_, i) => `${i},2024-01-01,${(i * 7_919) % 10_007}.25`);
  const { storedBytes } = await upload(name, lines);
  for (const round of [1, 2]) {
    const every = lines.flatMap((_, i) => (i % 150 === round ? [`${i},2024-01-0${round + 1},0.5`] : []));
    for (const line of every) lines[Number(line.split(',')[0])] = line;
    const version = await upsert(name, every.toReversed());
    expect(version.storedBytes).toBeLessThan((storedBytes ?? 0) * 0.1);
    expect((await read(name)) === `${header}${lines.join('\n')}\n`).toBe(true);
  }
});

test('replaces, appends and upserts at once: each becomes a version, and the last is what they give in that order', async () => {
  const name = fresh();
  await upload(name, ['1,a,1.5', '2,a,2.5']);
  const works = [
    { mode: 'replace', lines: ['1,b,0.5', '5,b,0.5'] },
    { mode: 'replace', lines: ['1,c,8.5', '6,c,8.5'] },
    { mode: 'append', lines: ['90,d,3.5'] },
    { mode: 'append', lines: ['91,e,3.5'] },
    { mode: 'upsert', lines: ['1,f,4.5'] },
    { mode: 'upsert', lines: ['1,g,5.5', '92,g,5.5'] },
  ] as const;
  const done = await Promise.all(
    works.map(async ({ mode, lines }) => {
      const version = await upload(name, lines, { mode, ...(mode === 'upsert' && { key: 'id' }) });
      return { version, mode, lines };
    }),
  );
  const order = done.toSorted((a, b) => a.version.version - b.version.version);
  expect(order.map(({ version }) => version.version)).toEqual([2, 3, 4, 5, 6, 7]);
  expect(order.map(({ version }) => version.parent)).toEqual([1, 2, 3, 4, 5, 6]);
  const idOf = (line: string) => line.split(',')[0] ?? '';
  let rows = new Map(['1,a,1.5', '2,a,2.5'].map((line) => [idOf(line), line]));
  for (const { mode, lines } of order) {
    if (mode === 'replace') rows = new Map();
    for (const line of lines) rows.set(idOf(line), line);
  }
  expect(await read(name)).toBe(`${header}${[...rows.values()].join('\n')}\n`);
});
