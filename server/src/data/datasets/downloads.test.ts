// Versions as files over a real socket, asked for as DuckDB's httpfs, pandas or a resuming download would.
import { createHash } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import { tempDir } from '../../testing/temp-dir.ts';

let platform: TestPlatform;
let version: string;
const rows = 5000;
const line = (i: number) => `${i},${i % 7 === 0 ? 'AAPL' : 'MSFT'},${i / 4}`;

beforeAll(async () => {
  platform = await createTestPlatform();
  const url = await platform.http.listen({ port: 0, host: '127.0.0.1' });
  version = `${url}/api/v1/datasets/prices/versions/1`;
  const lines = Array.from({ length: rows }, (_, i) => line(i));
  const content = Buffer.from(['n,symbol,close', ...lines].join('\n'));
  await platform.services.datasets.commit({ name: 'prices', format: 'csv', content }, platform.caller);
});
afterAll(() => platform.close());

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${version}${path.startsWith('.') ? '' : '/'}${path}`, { headers, method });
const bytesOf = async (reply: Response) => Buffer.from(await reply.arrayBuffer());

/** A client that knows nothing but a URL and ranges. */
async function rangeClient(path: string) {
  const head = await get(path, {}, 'HEAD');
  expect([head.status, head.headers.get('accept-ranges'), (await bytesOf(head)).length]).toEqual([
    200,
    'bytes',
    0,
  ]);
  const etag = head.headers.get('etag') ?? '';
  return {
    size: Number(head.headers.get('content-length')),
    etag,
    async read(range: string): Promise<Buffer> {
      const reply = await get(path, { range: `bytes=${range}`, 'if-range': etag });
      expect([reply.status, reply.headers.get('etag')]).toEqual([206, etag]);
      return bytesOf(reply);
    },
  };
}

test.each([
  'data.parquet',
  'data.parquet?columns=n,close',
  'data.csv',
  'data.feather',
  'data.arrows',
  'data.jsonl',
  'data.json',
  '.parquet',
  '.csv?columns=n,close',
])('%s is the same bytes whole and in parts, with their hash', async (path) => {
  const reply = await get(path);
  const whole = await bytesOf(reply);
  const client = await rangeClient(path);
  expect(client.size).toBe(whole.length);
  const sha256 = createHash('sha256').update(whole).digest('base64');
  expect(reply.headers.get('repr-digest')).toBe(`sha-256=:${sha256}:`);
  const middle = Math.floor(whole.length / 2);
  const parts = await Promise.all([client.read(`0-${middle - 1}`), client.read(`${middle}-`)]);
  expect(Buffer.concat(parts).equals(whole)).toBe(true);
  expect((await client.read('-8')).equals(whole.subarray(-8))).toBe(true);
});

test('a Parquet file is put together from its footer and what lies before it', async () => {
  const client = await rangeClient('data.parquet?columns=n,close&limit=4000');
  const tail = await client.read('-8');
  expect(tail.subarray(4).toString()).toBe('PAR1');
  const footer = tail.readUInt32LE(0);
  const start = client.size - 8 - footer;
  const pieces = [
    await client.read(`0-${start - 1}`),
    await client.read(`${start}-${client.size - 9}`),
    tail,
  ];
  const path = join(await tempDir(), 'joined.parquet');
  await writeFile(path, Buffer.concat(pieces));
  const csv = await (await get('data.csv?columns=n,close&limit=4000')).text();
  const commit = await fetch(`${new URL(version).origin}/api/v1/datasets/joined`, {
    method: 'PUT',
    body: Buffer.concat(pieces),
  });
  expect(commit.status).toBe(201);
  const back = await fetch(`${new URL(version).origin}/api/v1/datasets/joined/versions/1/data.csv`);
  expect(await back.text()).toBe(csv);
});

test('past the end is 416, several ranges and an outdated If-Range get the whole', async () => {
  const { size } = await rangeClient('data.csv');
  const past = await get('data.csv', { range: `bytes=${size}-` });
  expect([past.status, past.headers.get('content-range')]).toEqual([416, `bytes */${size}`]);
  expect((await bytesOf(await get('data.csv', { range: 'bytes=0-1,4-5' }))).length).toBe(size);
  expect((await get('data.csv', { range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200);
});

test('the form follows format, then name, then Accept; each has its own ETag', async () => {
  const typeOf = async (path: string, accept?: string) => {
    const reply = await get(path, accept === undefined ? {} : { accept });
    return [reply.headers.get('content-type')?.split(/[;/.]/).at(1), reply.headers.get('etag')];
  };
  const [byName, byFormat, byAccept] = [
    await typeOf('data.csv'),
    await typeOf('data?format=csv', 'application/json'),
    await typeOf('data', 'application/xml, text/csv'),
  ];
  expect(byName[0]).toBe('csv');
  expect(byFormat).toEqual(byName);
  expect(byAccept).toEqual(byName);
  const others = await Promise.all(
    ['*/*', 'application/vnd.apache.arrow.stream', 'application/json;q=0.2, application/x-ndjson'].map(
      (accept) => typeOf('data', accept),
    ),
  );
  expect(new Set([byName, ...others].map(([, etag]) => etag)).size).toBe(4);
  expect((await get('data', {})).headers.get('vary')).toBe('accept');
});

test('a version with an ending is its file, whatever the dots of its tag', async () => {
  const tag = async (name: string) =>
    platform.services.datasets.setTag({ name: 'prices', tag: name, version: 1 }, platform.caller);
  await tag('2023.08');
  const others = version.slice(0, version.lastIndexOf('/'));
  const long = await get('data.csv?limit=3&columns=n');
  const expected = [long.headers.get('etag'), await long.text()];
  for (const name of ['1.csv', 'latest.csv', '2023.08.csv', '%7B2999-01-01%7D.csv', '2023%2E08%2Ecsv']) {
    const reply = await fetch(`${others}/${name}?limit=3&columns=n`);
    expect([reply.headers.get('etag'), await reply.text()], name).toEqual(expected);
  }
  const versionOf = async (name: string) => (await fetch(`${others}/${name}`)).json();
  expect(await versionOf('2023.08')).toMatchObject({ reference: 'prices@1', tags: ['2023.08'] });
  expect(await versionOf('2023.zip')).toMatchObject({ error: { code: 'datasetVersionNotFound' } });
  expect(await versionOf('9.parquet')).toMatchObject({ error: { code: 'datasetVersionNotFound' } });
  await expect(tag('2023.parquet')).rejects.toThrow(/cannot be a tag/);
});

test('what the client has already is not even made', async () => {
  const folder = join(platform.folder, 'cache/exports');
  const etag = (await get('data.csv?limit=1234', {}, 'HEAD')).headers.get('etag') ?? '';
  const before = (await readdir(folder)).length;
  const reply = await get('data.csv?limit=1235', { 'if-none-match': '*' });
  expect([reply.status, (await readdir(folder)).length]).toEqual([304, before]);
  expect((await get('data.csv?limit=1234', { 'if-none-match': etag })).status).toBe(304);
});

test('a condition chooses rows, in order, and can do nothing else', async () => {
  const where = (text: string, rest = '') => get(`data.arrow?where=${encodeURIComponent(text)}${rest}`);
  const found = tableFromIPC(
    await bytesOf(
      await where("symbol = 'AAPL' and close > 100 -- cheap ones", '&columns=n&limit=3&offset=1'),
    ),
  );
  expect(found.toArray().map((row) => Number(row.n))).toEqual([413, 420, 427]);
  for (const bad of [
    'nothere > 1',
    'close >',
    "n in (select 1 from read_csv('/etc/passwd'))",
    '1=1); select 1',
  ]) {
    const reply = await where(bad);
    expect(reply.status, bad).toBeGreaterThanOrEqual(400);
    expect(reply.status, bad).toBeLessThan(500);
    await reply.text();
  }
});

test('the ETag of a condition is that of what it chose', async () => {
  const drawn = async () => {
    const reply = await get('data.csv?where=random()<0.5');
    return { etag: reply.headers.get('etag'), text: await reply.text() };
  };
  const first = await drawn();
  expect(await drawn()).toEqual(first);
  expect((await get('data.csv?where=random()<0.5', { 'if-none-match': String(first.etag) })).status).toBe(
    304,
  );
  const folder = join(platform.folder, 'cache/exports');
  for (const name of await readdir(folder)) await rm(join(folder, name));
  const second = await drawn();
  expect(second.text).not.toBe(first.text);
  expect(second.etag).not.toBe(first.etag);
});

test('a client that leaves frees the engine for the next one', async () => {
  const endless = '(select count(*) from range(1000000) a, range(1000000) b where a.range + b.range = 7) > n';
  // One for each seat of the sandbox.
  const leaving = new AbortController();
  const gone = [1, 2].map((limit) =>
    fetch(`${version}/data.csv?limit=${limit}&where=${encodeURIComponent(endless)}`, {
      signal: leaving.signal,
    }),
  );
  for (const each of gone) each.catch(() => undefined);
  // Answered behind them, so they have arrived.
  await (await get('data.csv?limit=1')).text();
  const quick = get('data.csv?where=n%3C3&columns=n');
  await (await get('data.csv?limit=1')).text();
  leaving.abort();
  expect(await (await quick).text()).toBe('n\n0\n1\n2\n');
  await Promise.all(gone.map((each) => expect(each).rejects.toThrow()));
});

test('the bytes are those of this revision of the writers', async () => {
  const digests = await Promise.all(
    ['parquet', 'arrow', 'arrows', 'csv', 'json', 'ndjson'].map(async (extension) => {
      const reply = await get(`data.${extension}?columns=n,symbol,close`, {}, 'HEAD');
      return `${extension} ${Buffer.from(reply.headers.get('repr-digest')?.slice(9, -1) ?? '', 'base64').toString('hex', 0, 6)}`;
    }),
  );
  // Where one differs, raise `writerRevision` in exports.ts: a client must not put old bytes and new ones together.
  expect(digests).toEqual([
    'parquet 3c6bc2c5916f',
    'arrow 17dfa1684545',
    'arrows 69adde76e071',
    'csv ee6fb12876dd',
    'json c0aa02eb94f8',
    'ndjson c7d2d689c257',
  ]);
});

test('many readers at once share one file', async () => {
  const folder = join(platform.folder, 'cache/exports');
  const before = (await readdir(folder)).length;
  const replies = await Promise.all(
    Array.from({ length: 12 }, () => get('data.ndjson?offset=17').then(bytesOf)),
  );
  expect(new Set(replies.map((bytes) => bytes.toString('base64'))).size).toBe(1);
  expect((await readdir(folder)).length).toBe(before + 1);
});
