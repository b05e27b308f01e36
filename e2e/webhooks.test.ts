// Webhooks by the command line as a user has it: the real binary, a real receiver, and a key that must stay private.
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer, tidemill } from './cli-process.ts';

const secret = 'swordfish-of-the-receiver';
let folder = '';
let data = '';
let server: TestServer;
let receiver: Server;
let address = '';
let status = 200;
const signatures: unknown[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-webhooks-e2e-'));
  data = join(folder, 'data');
  receiver = createServer((request, response) => {
    request.resume();
    signatures.push(request.headers['x-mlflow-signature']);
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  server = await startServer(data, '--webhook-schemes', 'http,https', '--webhook-private');
});

afterAll(async () => {
  await server?.stop();
  receiver.closeAllConnections();
  receiver.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(words: readonly string[], { code = 0, input = '' } = {}) {
  const ended = await tidemill(words, { url: server.url, folder, input });
  expect(ended, `tidemill ${words.join(' ')}: ${ended.stderr}`).toMatchObject({ code });
  expect(ended.stdout + ended.stderr).not.toContain(secret);
  return ended.stdout;
}

test('created, tested, told, looked into, changed and deleted, without a word of the secret', async () => {
  const events = 'registered_model.created,model_version.created';
  const created = await run(
    ['webhooks', 'create', 'ci', '--to', address, '--events', events, '--secret-file', '-', '--json'],
    { input: `${secret}\n` },
  );
  const { id, hasSecret } = JSON.parse(created);
  expect(hasSecret).toBe(true);
  expect(await run(['webhooks', 'list'])).toContain(address);
  expect(await run(['webhooks', 'test', id])).toBe('Taken with 200.\n');
  status = 500;
  expect(await run(['webhooks', 'test', id], { code: 2 })).toBe('Not taken: it answers 500.\n');
  expect(await run(['webhooks', 'deliveries', id])).toContain('not told anything yet');

  const reply = await fetch(`${server.url}/api/2.0/mlflow/registered-models/create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'forecaster' }),
  });
  expect(reply.status).toBe(200);
  const told = () => run(['webhooks', 'deliveries', id]);
  await expect
    .poll(told, { timeout: 20_000 })
    .toMatch(/model:forecaster +pending +\d +500 +it answers 500 +20/);

  await writeFile(join(folder, 'empty'), '\n');
  await run(['webhooks', 'update', id, '--secret-file', 'empty'], { code: 1 });
  const changed = await run([
    'webhooks',
    'update',
    id,
    '--unsigned',
    '--status',
    'disabled',
    '--name',
    'off',
  ]);
  expect(changed).toMatch(/off {2}disabled\n.*signed +no/s);
  expect(await told()).toContain('cancelled');
  await run(['webhooks', 'create', 'x', '--to', 'http://169.254.169.254/', '--events', events], { code: 1 });
  expect(await run(['webhooks', 'delete', id])).toBe(`Deleted ${id}.\n`);
  expect(await run(['webhooks', 'list'])).toContain('No webhooks.');
  expect(await run(['audit', '--limit', '100', '--json'])).toContain('webhook.deleted');
  expect(signatures.every((signature) => /^v1,[A-Za-z0-9+/]{43}=$/.test(String(signature)))).toBe(true);
  for (const file of await readdir(data, { withFileTypes: true }))
    if (file.isFile())
      expect(await readFile(join(data, file.name), 'latin1'), file.name).not.toContain(secret);
});

test('a key that others can read stops the start, and says what to do', async () => {
  await server.stop();
  const key = join(data, 'secret.key');
  await chmod(key, 0o644);
  await expect(startServer(data)).rejects.toThrow(/can read the secret key .*\(mode 644\).*chmod 600/);
  await chmod(key, 0o600);
  server = await startServer(data);
});
