// Scripts as users have them, unchanged, as jobs: the run shows what autologging logs.
import { join } from 'node:path';
import type { Sweep } from '@tidemill/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../scripts/steps.ts';
import { type TestServer, tidemill } from '../cli-process.ts';
import { createPlace, type Place } from '../mlflow/servers.ts';
import { historyOf, showRun } from './trainer.ts';

const python = process.env.TIDEMILL_TEST_PYTHON ?? '';
const torch = process.env.TIDEMILL_TEST_TORCH ?? '';
if (python === '')
  console.warn('SKIPPED: user scripts. npm test makes their environment; see CONTRIBUTING.md.');

const scripts = [
  {
    name: 'sklearn_forest',
    params: { n_estimators: '50', max_depth: '6' },
    metric: 'training_r2_score',
    steps: 1,
  },
  { name: 'xgboost_rounds', params: { num_boost_round: '40', eta: '0.1' }, metric: 'valid-rmse', steps: 40 },
  { name: 'tensorflow_fit', params: { epochs: '10', batch_size: '32' }, metric: 'val_mae', steps: 10 },
  { name: 'pytorch_loop [torch]', params: { lr: '0.01', epochs: '50' }, metric: 'loss', steps: 50 },
];

/** The same with options, which is all that tuning asks of them; scikit-learn's is tuned in `e2e/tuning.test.ts`. */
const tuned = [
  { name: 'xgboost_rounds', metric: 'valid-rmse', steps: 40 },
  { name: 'tensorflow_fit', metric: 'val_mae', steps: 10 },
  { name: 'pytorch_loop [torch]', metric: 'val_mae', steps: 50 },
];

describe.skipIf(python === '')('scripts that users have', () => {
  let place: Place;
  let server: TestServer;

  beforeAll(async () => {
    place = await createPlace('sqlite');
    server = await place.start();
  });
  afterAll(() => place?.remove());

  describe.concurrent.each(scripts)('$name', ({ name, params, metric, steps }) => {
    const program = name.endsWith('[torch]') ? torch : python;
    const script = `${name.split(' ')[0]}.py`;

    test.skipIf(program === '')(
      'runs as a job, and its run has all of it',
      { timeout: 600_000 },
      async () => {
        const words = ['jobs', 'run', '--experiment', 'mine', '--follow', '--json', '--', program, script];
        const { code, stdout, stderr } = await tidemill(words, {
          url: server.url,
          folder: join(root, 'examples/training'),
        });
        expect(code, stdout + stderr).toBe(0);
        const { runId } = JSON.parse(stdout) as { runId: string };
        expect(await showRun(server.url, runId)).toMatchObject({ status: 'FINISHED', params });
        expect((await historyOf(server.url, runId, metric)).size).toBe(steps);
        const search = ['models', 'logged', 'list', '--experiment', 'mine', '--json'];
        const { stdout: models } = await tidemill(search, { url: server.url });
        expect(models).toContain(runId);
      },
    );
  });

  describe.concurrent.each(tuned)('$name, tuned', ({ name, metric, steps }) => {
    const program = name.endsWith('[torch]') ? torch : python;
    const script = name.split(' ')[0] ?? '';

    test.skipIf(program === '')('by what it logs at each step', { timeout: 600_000 }, async () => {
      const words = [
        ...[
          'sweeps',
          'search',
          '--experiment',
          `tuned-${script}`,
          '--space',
          `${script.split('_')[0]}-space.json`,
        ],
        ...['--goal', `${metric}:min`, '--trials', '2', '--pruner', 'median', '--follow', '--json'],
        ...['--', program, `${script}.py`, `$\{args}`],
      ];
      const folder = join(root, 'examples/tuning');
      const { code, stdout, stderr } = await tidemill(words, { url: server.url, folder });
      expect(code, stdout + stderr).toBe(0);
      const { trials, best } = JSON.parse(stdout) as Sweep;
      expect(trials.map(({ state, lastStep }) => [state, lastStep])).toEqual(
        [0, 1].map(() => ['complete', steps - 1]),
      );
      expect(best?.value).toBe(Math.min(...trials.map(({ value }) => Number(value))));
      const [first] = trials;
      expect(first?.value).toBe((await historyOf(server.url, first?.runId ?? '', metric)).get(steps - 1));
    });
  });
});
