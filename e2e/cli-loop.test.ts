// One model's life by the command line alone: learned, refused, overridden, served, judged by outcomes, made again.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../scripts/steps.ts';
import { startServer, type TestServer, tidemill } from './cli-process.ts';

let folder = '';
let server: TestServer;

async function run(words: readonly string[], code = 0, input?: string) {
  const ended = await tidemill(words, { url: server.url, folder, ...(input !== undefined && { input }) });
  expect(ended, `tidemill ${words.join(' ')}: ${ended.stderr}`).toMatchObject({ code });
  return ended;
}

const json = async (...words: readonly string[]) => JSON.parse((await run([...words, '--json'])).stdout);

/** Rising prices, so that trees, which cannot leave what they have seen, lose on the newest days. */
const prices = (changed = -1) =>
  [
    'symbol,date,close',
    ...Array.from({ length: 200 }, (_, n) => {
      const date = new Date(Date.UTC(2024, 0, n + 1)).toISOString().slice(0, 10);
      return `AAPL,${date},${(100 + n + 3 * Math.sin(n) + (n === changed ? 0.01 : 0)).toFixed(2)}`;
    }),
    '',
  ].join('\n');

const definition = {
  name: 'train',
  entities: 'select symbol, date as event_time from prices',
  views: ['closes'],
  label: {
    sql: 'select symbol, date as event_time, lead(close) over (order by date) as next_close, date + 1 as known_at from prices',
    column: 'next_close',
    knownAt: 'known_at',
  },
};

const project = {
  name: 'life',
  featureViews: {
    closes: {
      sql: 'select symbol, date as event_time, close from prices',
      entity: ['symbol'],
      eventTime: 'event_time',
    },
  },
  gates: {
    forecaster: {
      rules: [
        { name: 'beats-naive', expression: 'metrics.mae <= baseline.mae', message: 'worse than yesterday' },
      ],
    },
  },
  endpoints: {
    forecast: {
      variants: [{ name: 'main', model: 'forecaster@1', weight: 1, view: 'closes@1' }],
      entity: ['symbol'],
      fallback: 'features.close',
    },
  },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-life-'));
  server = await startServer(join(folder, 'data'));
  await writeFile(join(folder, 'prices.csv'), prices());
  await writeFile(join(folder, 'train.json'), JSON.stringify(definition));
  await writeFile(join(folder, 'tidemill.config.ts'), `export default ${JSON.stringify(project)};\n`);
});

afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const onTrain = ['--target', 'next_close', '--time-column', 'event_time'];

test('learned: data, view, training set, job, model', async () => {
  await run(['datasets', 'commit', 'prices.csv']);
  expect((await run(['apply'])).stdout).toContain('? endpoint forecast (waits for model:forecaster@1)');
  const preview = ['features', 'preview', '-', '--entity', 'symbol', '--event-time', 'date', '--limit', '3'];
  const shown = await run(preview, 0, 'select symbol, date, close from prices');
  expect(shown.stdout.trim().split('\n')).toHaveLength(4);
  expect(await json('features', 'training-set', 'train.json')).toMatchObject({ reference: 'train@1' });
  const learn = ['jobs', 'run', '--learner', 'trees', '--training-set', 'train@1', '--features', 'close'];
  const followed = await run([...learn, ...onTrain, '--register', 'forecaster', '--seed', '7', '--follow']);
  expect(followed.stdout).toMatch(/succeeded/);
  expect(followed.stdout).toMatch(/forecaster@1/);
  expect(await json('models', 'show', 'forecaster@latest')).toMatchObject({ trainingSet: 'dataset:train@1' });
});

test('refused: a gate that says no is exit code 2, and an override wants a reason', async () => {
  const judge = ['evaluations', 'run', 'forecaster@1', '--dataset', 'train@1', '--last', '30'];
  const evaluated = await run([...judge, ...onTrain, '--baseline', 'close']);
  expect(evaluated.stdout).toContain('against the naive rule: candidate-worse');
  expect((await run(['models', 'check', 'forecaster@1'], 2)).stdout).toContain('forecaster@1: REFUSED');
  const refused = await run(['models', 'approve', 'forecaster@1', '--json'], 2);
  expect(JSON.parse(refused.stderr).error.code).toBe('gateRefused');
  await run(['models', 'approve', 'forecaster@1', '--override'], 1);
  await run(['models', 'approve', 'forecaster@1', '--override', '--reason', 'as teams do']);
  expect(await json('models', 'approvals', 'forecaster@1')).toEqual([
    expect.objectContaining({ decision: 'overridden', reason: 'as teams do', actor: 'user:owner' }),
  ]);
});

test('served: prediction, outcome, error, switch to the rule and back', async () => {
  expect((await run(['apply'])).stdout).toContain('+ endpoint forecast');
  await run(['features', 'materialize', 'closes']);
  const predict = [
    'endpoints',
    'predict',
    'forecast',
    '--record',
    'symbol=AAPL',
    '--event-time',
    '2024-07-18',
  ];
  const { predictions } = await json(...predict);
  expect(predictions).toEqual([expect.objectContaining({ model: 'forecaster@1', source: 'model' })]);
  const outcome = ['--entity', 'symbol=AAPL', '--event-time', '2024-07-18', '--value', '300'];
  await run(['outcomes', 'record', 'forecast', ...outcome]);
  const [group] = await json('predictions', 'performance', 'forecast', '--bucket', 'all');
  expect(group).toMatchObject({ model: 'forecaster@1', count: 1, outcomes: 1 });
  expect(group.mae).toBeCloseTo(300 - predictions[0].value, 6);
  await run(['endpoints', 'fallback', 'forecast', 'on', '--reason', 'drill']);
  expect((await json(...predict)).predictions[0]).toMatchObject({ source: 'fallback' });
  await run(['endpoints', 'fallback', 'forecast', 'off', '--reason', 'over']);
  await run(['endpoints', 'predict', 'forecast', '--file', '-'], 1, 'no JSON');
});

test('made again: equal is exit code 0 by reference and by bundle, one price changed is 2', async () => {
  const byReference = await run(['reproduce', 'forecaster@1']);
  expect(byReference.stdout).toMatch(/forecaster@1: equal\n$/);
  await run(['models', 'export', 'forecaster@1', '-o', 'bundle.tar']);
  expect((await json('reproduce', 'bundle.tar')).equal).toBe(true);

  await writeFile(join(folder, 'changed.csv'), prices(17));
  await run(['datasets', 'commit', 'changed.csv']);
  const unpacked = join(folder, 'unpacked');
  await mkdir(unpacked);
  const tar = promisify(execFile);
  await tar('tar', ['-xf', '../bundle.tar'], { cwd: unpacked });
  const chunk = 'datasets/prices@1/chunk-1.parquet';
  expect(existsSync(join(unpacked, chunk))).toBe(true);
  await run(['datasets', 'read', 'changed@1', '-o', join(unpacked, chunk)]);
  await tar('tar', ['--format=ustar', '-cf', '../changed.tar', 'bundle.json', chunk], { cwd: unpacked });
  const differs = await run(['reproduce', 'changed.tar'], 2);
  expect(differs.stdout).toMatch(/forecaster@1: NOT EQUAL\n$/);
  expect(differs.stdout).toMatch(/DIFFERENT.*chunk 1/);
});

test('what cannot be made again is an error, not a verdict', async () => {
  const missing = await run(['reproduce', 'nothing.tar', '--json'], 1);
  expect(JSON.parse(missing.stderr).error.code).toBe('fileNotFound');
  await writeFile(join(folder, 'text.tar'), await readFile(join(root, 'README.md')));
  const broken = await run(['reproduce', 'text.tar', '--json'], 1);
  expect(broken.stdout).toBe('');
  expect(JSON.parse(broken.stderr).error.message).toMatch(/bundle/i);
});
