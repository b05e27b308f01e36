import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startKillableServer } from '../../../testing/killable-server.ts';
import { createTestPlatform } from '../../../testing/platform.ts';
import { isAlive } from '../../../testing/process-state.ts';
import { tempDir } from '../../../testing/temp-dir.ts';
import { isEnded, until } from '../../../testing/training-wing.ts';
import { endLeftover, introducing } from './leftover-process.ts';

async function start(file: string, ...command: string[]) {
  const [program = '', ...args] = introducing(file, command);
  const child = spawn(program, args, { detached: true, stdio: 'ignore' });
  const ended = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  await vi.waitUntil(async () => existsSync(file) && (await readFile(file, 'utf8')).endsWith('\n'), {
    timeout: 20_000,
  });
  return { pid: child.pid ?? 0, ended };
}

test('a process introduces itself before it becomes the command, and is found by that', async () => {
  const file = join(await tempDir(), 'process');
  const { pid, ended } = await start(file, 'sleep', '60');
  expect(Number.parseInt(await readFile(file, 'utf8'), 10)).toBe(pid);
  await endLeftover(file);
  expect(await ended).toEqual([null, 'SIGKILL']);
});

test('a group whose leader is gone is ended too', async () => {
  const folder = await tempDir();
  const file = join(folder, 'process');
  const child = join(folder, 'child');
  const { ended } = await start(file, 'sh', '-c', `sleep 60 & echo $! > ${child}`);
  await ended;
  const pid = Number(await readFile(child, 'utf8'));
  expect(isAlive(pid)).toBe(true);
  await endLeftover(file);
  await vi.waitUntil(() => !isAlive(pid), { timeout: 20_000 });
});

test('a number that another process has now is left alone', async () => {
  const file = join(await tempDir(), 'process');
  const { pid } = await start(file, 'sleep', '60');
  const identity = await readFile(file, 'utf8');
  const fields = identity.trimEnd().split(' ');
  fields[21] = String(Number(fields[21]) - 1);
  await writeFile(file, `${fields.join(' ')}\n`);
  await endLeftover(file);
  expect(isAlive(pid)).toBe(true);
  // The same for what was written before the machine started.
  await writeFile(file, identity);
  await utimes(file, 1, 1);
  await endLeftover(file);
  expect(isAlive(pid)).toBe(true);
});

test('nothing there, nothing done', async () => {
  const folder = await tempDir();
  await endLeftover(join(folder, 'process'));
  await writeFile(join(folder, 'torn'), '');
  await endLeftover(join(folder, 'torn'));
});

test('kill -9 of the server: the old command is ended before the attempt is repeated', async () => {
  const folder = join(await tempDir(), 'data');
  await mkdir(folder);
  // Alone it would say so; beside another it says that, and the job fails.
  const script = `if mkdir alone; then
      trap 'rmdir alone' EXIT; echo $$ > first; while :; do sleep 0.05; done
    elif kill -0 "$(cat first)" 2>/dev/null && ! grep -q ') Z ' "/proc/$(cat first)/stat"; then exit 9
    else echo done > outputs/result; fi`;
  const server = await startKillableServer(folder, 'jobs.submitCommand', {
    ...{ experiment: 'e', command: ['sh', '-c', script] },
  });
  const first = await vi.waitUntil(
    async () =>
      Number(await readFile(join(folder, 'jobs', server.id, 'first'), 'utf8').catch(() => '')) || undefined,
    { timeout: 20_000 },
  );
  await server.kill();
  expect(isAlive(first)).toBe(true);

  const platform = await createTestPlatform({ dataFolder: folder });
  onTestFinished(() => platform.close());
  const { jobs, experiments } = platform.services;
  const ended = await until(jobs, server.id, platform.caller, isEnded);
  expect(ended).toMatchObject({ state: 'succeeded', attempt: 2, error: null });
  expect(isAlive(first)).toBe(false);
  const files = await experiments.artifactFiles(ended.runId ?? '', '', platform.caller.workspace);
  expect(files.map(({ path }) => path)).toContain('result');
});
