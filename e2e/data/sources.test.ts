// Sources through the real binary: pulls that are killed half-way, a real S3, a real PostgreSQL.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Client, createClient, type SourcePull } from '../../sdk/src/index.ts';
import { startServer, type TestServer, tidemill } from '../cli-process.ts';
import { moto, startS3 } from './s3-server.ts';

if (moto === '') console.warn('SKIPPED: S3. npm test makes the environment of moto.');

let folder = '';
let root = '';
let server: TestServer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-sources-'));
  root = join(folder, 'root');
  await mkdir(root);
});
afterEach(async () => {
  await server?.kill();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function start(...words: string[]): Promise<Client> {
  server = await startServer(join(folder, 'data'), '--source-root', root, ...words);
  return createClient({ url: server.url });
}

async function ended(client: Client, pull: SourcePull): Promise<SourcePull> {
  for (;;) {
    const found = await client.sources.getPull({ name: pull.source, id: pull.id });
    if (found.state !== 'queued' && found.state !== 'running') return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function readIds(client: Client): Promise<number[]> {
  const read = await client.datasets.read({ name: 'log', version: 'latest', format: 'csv', columns: 'id' });
  return (await text(read.content)).trim().split('\n').slice(1).map(Number);
}

test('kill -9 in the middle of pulls: each row is read once, none is passed over, no version is half', async () => {
  const perRound = 20_000;
  let rows = 0;
  const grow = () => {
    rows += perRound;
    const lines = Array.from({ length: rows }, (_, i) => `${i + 1},row ${i + 1}`);
    return writeFile(join(root, 'log.csv'), `id,what\n${lines.join('\n')}\n`);
  };
  await grow();
  let client = await start();
  const from = { kind: 'path' as const, path: join(root, 'log.csv') };
  await client.sources.create({ name: 'log', from, cursor: { column: 'id' } });
  // Before it is read, while it is, about when it commits, and after.
  for (const delay of [0, 100, 250, 500]) {
    const pull = await client.sources.pull({ name: 'log' });
    await new Promise((resolve) => setTimeout(resolve, delay));
    await server?.kill();
    client = await start();
    expect(await ended(client, pull)).toMatchObject({ state: 'succeeded', rows: perRound, error: null });
    expect((await client.sources.get({ name: 'log' })).cursor?.value).toBe(String(rows));
    const ids = await readIds(client);
    expect(ids).toHaveLength(rows);
    expect(ids.every((id, i) => id === i + 1)).toBe(true);
    await grow();
  }
  const { items } = await client.datasets.listVersions({ name: 'log' });
  expect(items.map((version) => version.rows)).toEqual([4, 3, 2, 1].map((n) => n * perRound));
  expect(await readdir(join(folder, 'data/tmp')).catch(() => [])).toEqual([]);
}, 120_000);

test.skipIf(moto === '')(
  'objects of S3 by key and by pattern, with keys that only the server knows',
  async () => {
    const s3 = await startS3();
    try {
      await s3.createBucket('lake');
      const put = (Key: string, Body: string | Buffer) =>
        s3.client.send(new PutObjectCommand({ Bucket: 'lake', Key, Body }));
      await put('prices/b.csv', 'id,price\n2,2.5\n');
      await put('prices/a.csv', 'id,price\n1,1.5\n');
      await put('prices/readme.txt.bak', 'not a table');
      await put('one/events.ndjson', '{"id": 1, "what": "a"}\n');
      const client = await start('--allow-private-sources');
      for (const [name, secret] of Object.entries(s3.environment))
        await writeFile(join(folder, name), `${secret}\n`);
      const { url } = server ?? { url: '' };
      const secrets = ['accessKeyId=AWS_ACCESS_KEY_ID', 'secretAccessKey=AWS_SECRET_ACCESS_KEY'];
      const create = (name: string, place: string) =>
        tidemill(
          ['sources', 'create', name, '--s3', place, '--endpoint', s3.endpoint, '--secret', ...secrets],
          { url, folder },
        );
      expect(await create('prices', 's3://lake/prices/*.csv')).toMatchObject({ code: 0, stderr: '' });
      const pulled = await tidemill(['sources', 'pull', 'prices'], { url });
      expect(pulled.stdout).toMatch(/^prices@1: 2 rows/);
      expect(await client.sources.test({ name: 'prices' })).toMatchObject({
        files: ['prices/a.csv'],
        isWhole: false,
      });
      expect((await tidemill(['sources', 'pull', 'prices'], { url })).stdout).toMatch(
        /^Nothing new: prices@1/,
      );
      await put('prices/c.csv', 'id,price\n3,3.5\n');
      expect((await tidemill(['sources', 'pull', 'prices'], { url })).stdout).toMatch(/^prices@2: 3 rows/);
      expect(await create('events', 's3://lake/one/events.ndjson')).toMatchObject({ code: 0 });
      expect((await tidemill(['sources', 'pull', 'events'], { url })).stdout).toMatch(/^events@1: 1 rows/);
      for (const [place, reason] of [
        ['s3://lake/none.csv', /the store answers 404/],
        ['s3://no-such-bucket/*.csv', /the store answers 404/],
        ['s3://lake/none/*.csv', /no object is there/],
      ] as const) {
        const refused = await create('refused', place);
        expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(reason) });
        expect(refused.stderr).not.toContain('test-secret');
      }
      await server?.kill();
      await start();
      const closed = await tidemill(['sources', 'pull', 'prices'], { url: server?.url ?? '' });
      expect(closed).toMatchObject({ code: 2, stdout: expect.stringContaining('--allow-private-sources') });
    } finally {
      await s3.stop();
    }
  },
  60_000,
);
