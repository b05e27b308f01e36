// What a user gets from npm: three tarballs, installed into an empty folder and run on the Node of the machine.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packPackages } from '../scripts/pack.ts';
import { root } from '../scripts/steps.ts';

const call = promisify(execFile);

/** PATH without the repository's own binaries, as in the user's shell. */
const usersPath = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.startsWith(root) && !folder.includes('node_modules'))
  .join(delimiter);
const env = { ...process.env, PATH: usersPath };

let folder = '';
let app = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-packed-'));
  const tarballs = await packPackages(join(folder, 'tarballs'));
  app = join(folder, 'app');
  await mkdir(app);
  await writeFile(join(app, 'package.json'), '{ "name": "app", "private": true, "type": "module" }\n');
  await call('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs], {
    cwd: app,
    env,
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function tidemill(...parameters: readonly string[]) {
  return call(join(app, 'node_modules/.bin/tidemill'), parameters, { cwd: app, env });
}

test('nothing of ours but contract, sdk and cli is installed, and no source', async () => {
  expect(existsSync(join(app, 'node_modules/@tidemill/server'))).toBe(false);
  const { stdout } = await call(
    'find',
    ['-L', 'node_modules/tidemill', 'node_modules/@tidemill', '-name', '*.ts'],
    { cwd: app },
  );
  const sources = stdout.split('\n').filter((file) => file && !file.endsWith('.d.ts'));
  expect(sources).toEqual([]);
});

test('`tidemill --help` runs on the Node of the machine', async () => {
  const { stdout } = await tidemill('--help');
  expect(stdout).toMatch(/Usage: tidemill/);
});

test('`tidemill up` without a server says what to install', async () => {
  const failure = await tidemill('up').then(
    () => null,
    (error: { readonly code: number; readonly stderr: string }) => error,
  );
  expect(failure?.code).toBeGreaterThan(0);
  expect(failure?.stderr).toMatch(/@tidemill\/server|git clone/);
  expect(failure?.stderr).not.toMatch(/^\s+at /m);
});

test('the SDK is imported as JavaScript', async () => {
  const script = "import('@tidemill/sdk').then((sdk) => console.log(typeof sdk.defineProject))";
  const { stdout } = await call('node', ['--eval', script], { cwd: app, env });
  expect(stdout.trim()).toBe('function');
});

test('its types are found, and a mistake is one', async () => {
  const source =
    "import { defineProject } from '@tidemill/sdk';\n// @ts-expect-error a function is no number\nexport const wrong: number = defineProject;\n";
  await writeFile(join(app, 'consumer.ts'), source);
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2024'];
  const tsc = join(root, 'node_modules/.bin/tsc');
  // A missing type would make `wrong` valid and the expected error an unused one.
  await expect(call(process.execPath, [tsc, ...options, 'consumer.ts'], { cwd: app })).resolves.toBeDefined();
});
