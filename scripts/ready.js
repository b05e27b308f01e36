// `npm run ready`: what package-lock.json names is installed. Plain JavaScript, because on a fresh clone the
// machine's own Node runs it, and silent when nothing is to do: each command begins with it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (/** @type {string} */ file) => readFileSync(join(root, file), 'utf8');

/** Beside the packages, so that deleting node_modules forgets it too. */
const stamp = join(root, 'node_modules/.tidemill-ready');

function digestManifests() {
  const workspaces = JSON.parse(read('package.json')).workspaces;
  const files = ['package-lock.json', 'package.json', ...workspaces.map((name) => `${name}/package.json`)];
  const hash = createHash('sha256');
  for (const file of files) hash.update(read(file)).update('\0');
  return hash.digest('hex');
}

function isReady() {
  const hasNode = existsSync(join(root, 'node_modules/.bin/node'));
  return hasNode && existsSync(stamp) && readFileSync(stamp, 'utf8') === digestManifests();
}

if (!isReady()) {
  console.log('installing packages (a minute or less the first time) …');
  // `install`, not `ci`: the lock may lack the optional builds for another system.
  const parameters = ['install', '--loglevel=error', '--no-audit', '--no-fund'];
  const shell = process.platform === 'win32';
  const { status } = spawnSync('npm', parameters, {
    cwd: root,
    shell,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stamp, digestManifests());
}
