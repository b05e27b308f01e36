// Versions as files on the web: notebooks that know a URL, and a download that is killed half-way.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../scripts/steps.ts';
import { createClient } from '../../sdk/src/index.ts';
import { startServer, type TestServer, tidemill } from '../cli-process.ts';
import { tell } from '../mlflow/servers.ts';

const python = process.env.TIDEMILL_TEST_PYTHON ?? '';
if (python === '') console.warn('SKIPPED: pandas and pyarrow. npm test makes their environment.');

let folder = '';
let server: TestServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-reading-'));
  server = await startServer(join(folder, 'data'));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

test.skipIf(python === '')('pandas and pyarrow read a version by its URL', async () => {
  const rows = Array.from(
    { length: 1000 },
    (_, n) =>
      `${n},"né, ""${n}""",${n === 7 ? '' : n / 8},2024-01-${String((n % 28) + 1).padStart(2, '0')},2024-01-01 00:00:${String(n % 60).padStart(2, '0')}.25,${n % 2 === 0}`,
  );
  const content = Buffer.from(['n,symbol,close,day,at,ok', ...rows].join('\n'));
  await createClient({ url: server.url }).datasets.commit({ name: 'prices', format: 'csv', content });
  const url = `${server.url}/api/v1/datasets/prices/versions/1`;
  await tell('../data/reading', { python, home: folder, url });
});

/** Lets so many bytes of each reply through and then keeps the client waiting. */
async function stallingProxy(target: string, bytes: number): Promise<Server> {
  const proxy = createServer(async (request, response) => {
    const reply = await fetch(`${target}${request.url}`);
    response.writeHead(reply.status, Object.fromEntries(reply.headers));
    const content = Buffer.from(await reply.arrayBuffer());
    response.write(content.subarray(0, bytes));
    if (content.length <= bytes) response.end();
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
}

describe('a download by the CLI', () => {
  test('that is killed goes on where it was, and ranges bring one column', async () => {
    const random = randomBytes(3_000_000).toString('hex');
    const lines = Array.from({ length: 60_000 }, (_, i) => `${i},${random.slice(i * 100, i * 100 + 100)}`);
    const client = createClient({ url: server.url });
    const content = Buffer.from(['n,text', ...lines].join('\n'));
    await client.datasets.commit({ name: 'noise', format: 'csv', content });

    if (python !== '') {
      const url = `${server.url}/api/v1/datasets/noise/versions/1/data.parquet`;
      await tell('../data/ranges', { python, home: folder, url });
    }

    const proxy = await stallingProxy(server.url, 1_000_000);
    const address = proxy.address();
    if (address === null || typeof address === 'string') throw new Error('no address');
    const output = join(folder, 'noise.parquet');
    const words = ['datasets', 'download', 'noise@latest', '-o', output];
    const slow = spawn(process.execPath, [join(root, 'cli/src/main.ts'), ...words], {
      env: { ...process.env, TIDEMILL_URL: `http://127.0.0.1:${address.port}` },
      stdio: 'ignore',
    });
    const parts = async () => (await readdir(folder)).filter((name) => name.endsWith('.part'));
    const started = async () => {
      const [part] = await parts();
      return part === undefined ? 0 : (await stat(join(folder, part))).size;
    };
    await expect.poll(started).toBe(1_000_000);
    const ended = once(slow, 'exit');
    slow.kill('SIGKILL');
    await ended;
    proxy.closeAllConnections();
    proxy.close();

    const { code, stdout } = await tidemill([...words, '--json'], { url: server.url });
    const told = JSON.parse(stdout) as { resumedAt: number; bytes: number; sha256: string };
    expect([code, told.resumedAt]).toEqual([0, 1_000_000]);
    const bytes = await readFile(output);
    expect([bytes.length, createHash('sha256').update(bytes).digest('hex')]).toEqual([
      told.bytes,
      told.sha256,
    ]);
    expect(await parts()).toEqual([]);
    const back = await tidemill(['datasets', 'commit', output, '--name', 'noise'], { url: server.url });
    expect(back.stdout).toContain('noise@1 holds exactly this already: 60000 rows.');
  });
});
