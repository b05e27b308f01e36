import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SearchDefinition } from '@tidemill/contract';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startKillableServer } from '../../../testing/killable-server.ts';
import { createTestPlatform, owner } from '../../../testing/platform.ts';
import { tempDir } from '../../../testing/temp-dir.ts';
import { isEnded, until } from '../../../testing/training-wing.ts';

/** In the words of a command. */
const stands = (name: string): string => `$\{${name}}`;

/** Each notes its beginning and end; `mkdir` succeeds once, so two of one trial at the same time are seen. */
const script = `mkdir "$0/at-work-$TIDEMILL_TRIAL" || echo "twice $TIDEMILL_TRIAL" >> "$0/log"
  echo "begin $TIDEMILL_TRIAL $1" >> "$0/log"; trap 'rmdir "$0/at-work-$TIDEMILL_TRIAL"' EXIT
  sleep 0.5; echo "end $TIDEMILL_TRIAL $1" >> "$0/log"; exit 9`;

test('killed by kill -9, a sweep of jobs ends each trial once, with the parameters it had', async () => {
  const root = await tempDir();
  const [folder, notes] = [join(root, 'data'), join(root, 'notes')];
  for (const path of [folder, notes]) await mkdir(path);
  const definition: SearchDefinition = {
    experiment: 'killed',
    space: { x: { type: 'float', low: 0, high: 1 } },
    goals: [{ metric: 'loss', direction: 'minimize' }],
    ...{ budget: { trials: 8 }, parallel: 2, seed: 3 },
    command: { command: ['sh', '-c', script, notes, stands('x')], resources: { cpu: 0.5 } },
  };
  const readLog = async () =>
    (await readFile(join(notes, 'log'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  const has = (count: number, word: string) => async () =>
    (await readLog()).filter((line) => line.startsWith(word)).length >= count;

  const server = await startKillableServer(folder, 'sweeps.search', definition);
  await vi.waitUntil(has(4, 'begin'), { timeout: 20_000, interval: 5 });
  await server.kill();
  const before = await readLog();
  // A killed attempt leaves its mark; from here on the log tells.
  const platform = await createTestPlatform({ dataFolder: folder });
  onTestFinished(() => platform.close());
  const sweep = await until(platform.services.sweeps, server.id, owner, isEnded);

  expect(sweep.trials.map(({ number, state }) => [number, state])).toEqual(
    Array.from({ length: 8 }, (_, number) => [number, 'failed']),
  );
  for (const { error } of sweep.trials) expect(error).toMatch(/exit code 9/);
  const log = await readLog();
  for (const { number, parameters } of sweep.trials) {
    const of = (word: string) => log.filter((line) => line.startsWith(`${word} ${number} `));
    expect(new Set(of('begin'))).toEqual(new Set([`begin ${number} ${parameters.x}`]));
    // What had come to its end may have been on its way to being told when the server died.
    expect(of('end').length).toBeGreaterThanOrEqual(1);
    expect(of('begin').length).toBeLessThanOrEqual(2);
  }
  expect(before.filter((line) => line.startsWith('twice'))).toEqual([]);
  const jobs = (await platform.services.jobs.list({ limit: 100 }, owner)).items;
  expect(new Set(jobs.map(({ id }) => id))).toEqual(new Set(sweep.trials.map(({ jobId }) => jobId)));
});
