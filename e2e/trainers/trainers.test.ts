// Every trainer against its real framework and a server as a user starts it: a job on real weather, interrupted and resumed,
// told to stop, opened by MLflow's client, asked by an endpoint.
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { root } from '../../scripts/steps.ts';
import { type TestServer, tidemill } from '../cli-process.ts';
import { createPlace, type Place } from '../mlflow/servers.ts';
import { createRun, historyOf, runScript, showRun, trainerFile, trainersFolder } from './trainer.ts';

const python = process.env.TIDEMILL_TEST_PYTHON ?? '';
const torch = process.env.TIDEMILL_TEST_TORCH ?? '';
if (python === '')
  console.warn('SKIPPED: the trainers. npm test makes their environment; see CONTRIBUTING.md.');

const weather = join(root, 'examples/features/weather.csv');
const common = ['--target', 'temp_max', '--features', 'temp_min,wind,precipitation', '--time', 'date'];
const minutes = 60_000;

interface Trainer {
  readonly name: string;
  /** What its steps are counted by, and how many this test takes. */
  readonly steps: readonly [option: string, count: number];
  readonly words: readonly string[];
  readonly resumes: boolean;
}

const trainers: readonly Trainer[] = [
  { name: 'svr', steps: ['--rounds', 4], words: ['--augment', 'mixup'], resumes: false },
  {
    name: 'sklearn_regressor',
    steps: ['--rounds', 12],
    words: ['--augment', 'window', '--trees', '5'],
    resumes: true,
  },
  {
    name: 'xgboost_trees',
    steps: ['--rounds', 40],
    words: ['--augment', 'jitter', '--subsample', '0.7', '--recency-weight', '1'],
    resumes: true,
  },
  {
    name: 'lightgbm_trees',
    steps: ['--rounds', 40],
    words: ['--augment', 'scale', '--subsample', '0.7', '--feature-share', '0.7'],
    resumes: true,
  },
  {
    name: 'tensorflow_mlp',
    steps: ['--epochs', 8],
    words: ['--augment', 'jitter', '--dropout', '0.1'],
    resumes: true,
  },
  {
    name: 'torch_autoregressive',
    steps: ['--epochs', 8],
    words: ['--augment', 'mixup', '--series', 'location', '--recency-weight', '0.5'],
    resumes: true,
  },
];

const isTorch = (name: string): boolean => name.startsWith('torch');
const pythonOf = (name: string): string => (isTorch(name) ? torch : python);
const wordsOf = ({ words, steps }: Trainer): string[] => [
  ...common,
  ...words,
  ...[steps[0], String(steps[1]), '--checkpoint-every', '2'],
];

/** Its run once the trainer has been through a job. */
const runs: Record<string, string> = {};

describe.skipIf(python === '')('trainers', () => {
  let place: Place;
  let server: TestServer;

  beforeAll(async () => {
    place = await createPlace('sqlite');
    server = await place.start();
    await json('datasets', 'commit', weather, '--name', 'weather');
  });
  afterAll(() => place?.remove());

  async function json(...words: readonly string[]) {
    const [ours = [], theirs = []] = words.includes('--')
      ? [words.slice(0, words.indexOf('--')), words.slice(words.indexOf('--'))]
      : [words];
    const all = [...ours, '--json', ...theirs];
    const { code, stdout, stderr } = await tidemill(all, { url: server.url, folder: trainersFolder });
    expect(code, `${all.join(' ')}: ${stderr}${stdout}`).toBe(0);
    return JSON.parse(stdout);
  }

  const runJob = (...command: readonly string[]) =>
    json('jobs', 'run', '--experiment', 'trainers', '--input', 'weather@1', '--follow', '--', ...command);

  describe.concurrent.each(trainers)('$name', (trainer) => {
    const { name, steps, resumes } = trainer;
    const mark = isTorch(name) ? ' [torch]' : '';
    const start = (env: Readonly<Record<string, string>>) => ({
      ...{ python: pythonOf(name), script: trainerFile(name), folder: place.folder },
      env: { MLFLOW_TRACKING_URI: server.url, ...env },
    });

    test.skipIf(pythonOf(name) === '')(
      `learns in a job, and interrupted and resumed learns the same${mark}`,
      { timeout: 10 * minutes },
      async () => {
        const job = await runJob(pythonOf(name), `${name}.py`, ...wordsOf(trainer));
        expect(job, job.error).toMatchObject({ state: 'succeeded' });
        runs[name] = job.runId;
        const whole = await historyOf(server.url, job.runId, 'val_rmse');
        expect([...whole.keys()]).toEqual(Array.from({ length: steps[1] }, (_, step) => step));
        const shown = await showRun(server.url, job.runId);
        expect(shown).toMatchObject({ status: 'FINISHED', params: { augment: trainer.words[1] } });
        expect(shown.metrics.onnx_difference).toBeLessThan(shown.metrics.onnx_allowed ?? 0);

        const id = await createRun(server.url);
        const words = [...wordsOf(trainer), '--data', weather, '--checkpoints', join(place.folder, name)];
        const first = await runScript({
          ...start({ MLFLOW_RUN_ID: id }),
          words,
          stopAt: (line) => line.startsWith(`step ${resumes ? 3 : 0} `),
        });
        expect(first, first.stderr).toMatchObject({ code: 143 });
        const interrupted = await showRun(server.url, id);
        expect(interrupted).toMatchObject({ status: 'KILLED', tags: { stopped: 'SIGTERM' } });
        expect((await historyOf(server.url, id, 'val_rmse')).size).toBeGreaterThan(0);

        const second = await runScript({ ...start({ MLFLOW_RUN_ID: id }), words });
        expect(second, second.stderr).toMatchObject({ code: 0 });
        const firstStep = Number(second.lines.find((line) => line.startsWith('step '))?.split(' ')[1]);
        if (resumes) expect(firstStep).toBeGreaterThan(1);
        const resumed = await historyOf(server.url, id, 'val_rmse');
        expect([...resumed.keys()].sort((a, b) => a - b)).toEqual([...whole.keys()]);
        for (const [step, value] of whole) expect(resumed.get(step)).toBeCloseTo(value, 5);
        expect((await showRun(server.url, id)).tags.validation_digest).toBe(shown.tags.validation_digest);
      },
    );
  });

  test('is tuned by a sweep, which ends what promises little', { timeout: 5 * minutes }, async () => {
    const space = join(place.folder, 'space.json');
    const choices = { lr: { type: 'categorical', choices: [0.3, 0.002, 0.001] } };
    await writeFile(space, JSON.stringify(choices));
    const search = ['sweeps', 'search', '--space', space, '--goal', 'val_rmse:min', '--sampler', 'grid'];
    const limits = [
      '--trials',
      '3',
      '--parallel',
      '1',
      '--pruner',
      'asha',
      '--input',
      'weather@1',
      '--follow',
    ];
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the sweep fills it in
    const command = [python, 'xgboost_trees.py', '${args}', ...common, '--augment', 'jitter'];
    const sweep = await json(...search, ...limits, '--', ...command, '--rounds', '30');
    expect(sweep).toMatchObject({ state: 'succeeded', best: { number: 0, parameters: { lr: 0.3 } } });
    const states = sweep.trials.map(({ state }: { state: string }) => state);
    // Halving has nothing to compare with before its second trial is through.
    expect(states).toEqual(['complete', 'complete', 'pruned']);
    for (const { runId, state } of sweep.trials as { runId: string; state: string }[]) {
      const { tags } = await showRun(server.url, runId);
      // One that is pruned stops by itself, unless it has already been ended.
      if (state === 'complete') expect('stopped' in tags).toBe(false);
      expect('validation_digest' in tags).toBe(state === 'complete');
    }
  });

  test('takes the parameters of params.json; tells a sweep its goal at every step, and stops when it says so', {
    timeout: 5 * minutes,
  }, async () => {
    const told: { path?: string; body: { step: number; value: number } }[] = [];
    const sweep = createServer(async (request, reply) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part);
      const body = JSON.parse(Buffer.concat(parts).toString());
      told.push({ path: request.url, body });
      reply.end(JSON.stringify({ stop: body.step === 2 }));
    });
    await new Promise<void>((resolve) => sweep.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void sweep.close());
    const id = await createRun(server.url);
    const job = join(place.folder, 'params.json');
    const params = { target: 'temp_max', features: 'wind,temp_min', time: 'date', min_weight: 3, l2: null };
    await writeFile(
      job,
      JSON.stringify({ seed: 11, params, inputs: { 'weather@1': weather, 'model:old@1': '/' } }),
    );
    const { code, lines, stderr } = await runScript({
      ...{ python, script: trainerFile('xgboost_trees'), folder: place.folder },
      words: ['--features', 'temp_min,wind,precipitation'],
      env: {
        MLFLOW_TRACKING_URI: server.url,
        MLFLOW_RUN_ID: id,
        TIDEMILL_PARAMS: job,
        TIDEMILL_URL: `http://127.0.0.1:${(sweep.address() as AddressInfo).port}`,
        TIDEMILL_SWEEP_ID: 'sweep_1',
        TIDEMILL_TRIAL: '7',
      },
    });
    expect(code, stderr).toBe(143);
    expect(lines.at(-1)).not.toContain('step 3');
    const history = await historyOf(server.url, id, 'val_rmse');
    expect(told).toEqual(
      [0, 1, 2].map((step) => ({
        path: '/api/v1/sweeps/sweep_1/trials/7/report',
        body: { step, value: expect.closeTo(history.get(step) ?? 0, 9) },
      })),
    );
    expect(await showRun(server.url, id)).toMatchObject({
      status: 'KILLED',
      tags: { stopped: 'the sweep said so after step 2' },
      params: { features: 'temp_min,wind,precipitation', min_weight: '3.0', seed: '11' },
    });
  });

  test('validation rows stay what they are; models open, and answer alike everywhere', {
    timeout: 5 * minutes,
  }, async () => {
    const words = [server.url, weather, JSON.stringify(runs)];
    const script = join(import.meta.dirname, 'trainers.py');
    const env = { MLFLOW_TRACKING_URI: server.url };
    const { code, lines, stderr } = await runScript({
      python: torch || python,
      script,
      words,
      folder: place.folder,
      env,
    });
    expect(code, stderr).toBe(0);
    const told = JSON.parse(lines.at(-1) ?? '') as Record<string, { record: object; answer: number }>;
    expect(Object.keys(told).sort()).toEqual(Object.keys(runs).sort());
    for (const [name, { record, answer }] of Object.entries(told)) {
      const model = `weather-${name.replaceAll('_', '-')}`;
      await json('models', 'approve', `${model}@1`, '--override', '--reason', 'a test looks at its answers');
      const put = await fetch(`${server.url}/api/v1/endpoints/${model}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          variants: [{ name: 'main', model: `${model}@1`, weight: 1 }],
          entity: ['place'],
        }),
      });
      expect(put.ok, await put.clone().text()).toBe(true);
      const asked = await fetch(`${server.url}/api/v1/endpoints/${model}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ records: [{ place: 'Seattle', ...record }], eventTime: '2016-01-01' }),
      });
      const reply = (await asked.json()) as { predictions?: { value: number }[] };
      expect(reply.predictions?.[0]?.value, JSON.stringify(reply)).toBeCloseTo(answer, 2);
    }
  });
});
