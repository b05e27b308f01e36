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
    const [{ id }] = JSON.parse(stdout) as [{ id: string }];
    const shown = await tidemill(['sweeps', 'show', id, '--json'], { url: server.url });
    return JSON.parse(shown.stdout) as Sweep;
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

  // Optuna is not among the tests' packages: its half is run by hand.
  test('side_by_side.py tunes a script that logs its parameters itself, and says what is to be said', async () => {
    const program = `
import json, sys
sys.argv[1:] = ["--trials", "2", "--seeds", "1"]
import side_by_side as s
s.mlflow.set_tracking_uri(s.URL)
options, client = s.read_options(), s.MlflowClient()
options.space["max_features"] = {"type": "float", "low": 1, "high": 1}
experiment = s.mlflow.set_experiment("side-by-side").experiment_id
found = s.search(s.TidemillSearch, options, client, experiment, 1)

side = lambda *bests: [{"best": best, "seconds": 2.0, "overhead": 1.5} for best in bests]
few = s.report(side(1, 2, 3), side(4, 5, 6), "max").splitlines()
same = s.report(side(1, 2, 3, 4), side(1.5, 2.5, 3.5, 0.5), "max").splitlines()
worse = s.report(side(1, 2, 3, 4), side(5, 6, 7, 8), "min").splitlines()
better = s.report(side(1, 2, 3, 4), side(5, 6, 7, 8), "max").splitlines()

class Trial:
    suggest_float = suggest_int = lambda self, name, low, high, log, step: [low, high, log, step]
    suggest_categorical = lambda self, name, choices: choices[0]
space = {"a": {"type": "categorical", "choices": ["x", "y"]}, "b": {"type": "int", "low": 1, "high": 9, "if": {"a": "y"}}}
space |= {"c": {"type": "int", "low": 2, "high": 8, "log": True, "if": {"a": ["x", "y"]}}, "d": {"type": "float", "low": 0, "high": 1}}
print(json.dumps([found["best"], few[1], few[4:], same[-1], worse[-1], better[-1], s.suggest(Trial(), space)]))`;
    const env = { ...process.env, TIDEMILL_URL: server.url };
    const { stdout } = await call(python, ['-c', program], { env, cwd: folder });
    const sweep = await newest();
    expect(sweep.trials.map(({ state }) => state)).toEqual(['complete', 'complete']);
    expect(sweep.trials[0]?.parameters.max_features).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      sweep.best?.value,
      '1                    1.00000   4.00000',
      [
        'median best          2.00000   5.00000',
        'seconds a search         2.0       2.0',
        'ms to ask + tell         1.5       1.5',
        'verdict: 3 seeds cannot tell the two apart; take at least 4',
      ],
      'verdict: as good as each other, as far as 4 seeds can tell (Mann-Whitney, p 0.69)',
      'verdict: Optuna finds better points (Mann-Whitney, p 0.029)',
      'verdict: Tidemill finds better points (Mann-Whitney, p 0.029)',
      { a: 'x', c: [2, 8, true, 1], d: [0, 1, false, null] },
    ]);
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
    const { id, trials } = await newest();
    for (const { state, value } of trials) {
      expect(state).toBe('complete');
      expect(value).toBeGreaterThan(0);
    }
    // The script logs none.
    const registered = await tidemill(['models', 'register', 'forest', '--sweep', id], { url: server.url });
    expect(registered).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('left no model in its run'),
    });
  });
});
