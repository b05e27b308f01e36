#!/usr/bin/env node
// The binary `tidemill`. Plain JavaScript, because it must start on any Node >= 20: in a clone it hands over to
// the Node pinned by the repository (which runs the .ts sources as they are), packed it loads the built code.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @param {string} relative */
const here = (relative) => fileURLToPath(new URL(relative, import.meta.url));

const source = here('../src/main.ts');
const pinned = here(`../../node_modules/node/bin/node${process.platform === 'win32' ? '.exe' : ''}`);
// Compiled code is kept from start to start, in a folder of the user's own: it is as trusted as the sources.
const compiled = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tidemill/compiled');
// A server at rest holds 25 MB less with a small young generation; large batches cost it some 5 % more (decision 009).
const flags = ['--max-semi-space-size=4'];
// DuckDB and file reads share libuv's threads; four are too few for both.
const environment = { UV_THREADPOOL_SIZE: '8', NODE_COMPILE_CACHE: compiled, ...process.env };
const major = Number(process.versions.node.split('.')[0]);
const isServer = process.argv[2] === 'up';

if (!existsSync(source)) await import('../dist/main.js');
else if (existsSync(pinned) && realpathSync(pinned) !== realpathSync(process.execPath)) handOver();
else if (major >= 24) {
  if (isServer && !process.execArgv.includes(flags[0])) becomeServer();
  module.enableCompileCache(compiled);
  await import('../src/main.ts');
} else {
  console.error(
    `tidemill: this clone needs Node 24, and this is ${process.versions.node}. Run \`npm install\` first: it brings one.`,
  );
  process.exitCode = 1;
}

/** Starts again in this very process, with the flags; where the system cannot, it goes on without them. */
function becomeServer() {
  if (typeof process.execve !== 'function' || process.platform === 'win32') return;
  process.removeAllListeners('warning');
  const words = [...process.execArgv, ...flags, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  process.execve(process.execPath, [process.execPath, ...words], environment);
}

function handOver() {
  const child = spawn(pinned, [...(isServer ? flags : []), source, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: environment,
  });
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) {
    process.on(signal, () => {
      // Ctrl-C in a terminal reaches the child by itself; a second one would cut its orderly end short.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.once('error', (error) => {
    console.error(`tidemill: cannot start ${pinned}: ${error.message}. Run \`npm install\` again.`);
    process.exitCode = 1;
  });
  child.once('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
