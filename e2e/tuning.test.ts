// The tuning examples as a user runs them: over plain HTTP, an objective of Optuna's kind, and a script under a sweep.
import { execFile } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Sweep } from '@tidemill/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../scripts/steps.ts';
import { createTempDir } from '../server/src/testing/temp-dir.ts';
import { startServer, type TestServer, tidemill } from './cli-process.ts';

const call = promisify(execFile);
const python = process.env.TIDEMILL_TEST_PYTHON ?? '';
if (python === '')
  console.warn('SKIPPED: the tuning examples. npm test makes their Python environment; see CONTRIBUTING.md.');
const folder = join(root, 'examples/tuning');

describe.skipIf(python === '')('the tuning examples', () => {
  let temp: Awaited<ReturnType<typeof createTempDir>>;
  let server: TestServer;
  beforeAll(async () => {
    temp = await createTempDir();
    server = await startServer(join(temp.path, 'data'));
  });
  afterAll(async () => {
    await server.stop();
    await temp.remove();
  });

  const newest = async (): Promise<Sweep> => {
    const { stdout } = await tidemill(['sweeps', 'list', '--limit', '1', '--json'], { url: server.url });
    return (JSON.parse(stdout) as Sweep[])[0] as Sweep;
  };

  test.each([
    ['plain_http.py', 30, 1],
    ['optuna_style.py', 40, 0.6],
  ])('%s finds what it looks for, and some of its trials are stopped', async (file, trials, most) => {
    const env = { ...process.env, TIDEMILL_URL: server.url };
    const { stdout } = await call(python, [join(folder, file)], { env });
    const sweep = await newest();
    expect(stdout).toContain(`trial ${sweep.best?.number}: `);
    expect(sweep).toMatchObject({ state: 'succeeded' });
    expect(sweep.trials).toHaveLength(trials);
    expect(sweep.trials.filter(({ state }) => state === 'pruned').length).toBeGreaterThan(2);
    expect(sweep.best?.value).toBeLessThan(most);
  });

  test('a script with autologging is tuned by what it logs', async () => {
    const path = [dirname(python), process.env.PATH].join(delimiter);
    const words = [
      ...['sweeps', 'search', '--experiment', 'diabetes', '--space', 'forest-space.json', '--trials', '3'],
      ...['--goal', 'RandomForestRegressor_score_X_valid:max', '--env', `PATH=${path}`, '--follow'],
      ...['--', 'python', 'forest.py', `$\{args}`],
    ];
    const ended = await tidemill(words, { url: server.url, folder });
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/succeeded {2}3 trials\nbest/) });
    const { trials } = await newest();
    for (const { state, value } of trials) {
      expect(state).toBe('complete');
      expect(value).toBeGreaterThan(0);
    }
  });
});
