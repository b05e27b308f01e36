// A retraining policy that runs a Python script of the user's own: sent by `apply`, searched, judged, put on trial.
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { LoopRun, ModelVersion, Sweep } from '@tidemill/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestServer, tidemill } from '../cli-process.ts';
import { createPlace, type Place } from '../mlflow/servers.ts';

const python = process.env.TIDEMILL_TEST_PYTHON ?? '';
if (python === '') console.warn('SKIPPED: retraining by a script. npm test makes its environment.');

/** Rising, so that trees, which cannot leave what they have seen, lose on the newest days. */
const days = [
  'symbol,date,close',
  ...Array.from({ length: 200 }, (_, n) => {
    const date = new Date(Date.UTC(2024, 0, n + 1)).toISOString().slice(0, 10);
    return `AAPL,${date},${(100 + n + 3 * Math.sin(n)).toFixed(2)}`;
  }),
].join('\n');

const train = `"""A ridge on one column, with what is to be tuned as an option."""
import argparse, json, os
import mlflow, pandas
from mlflow.models import infer_signature
from skl2onnx import to_onnx
from sklearn.linear_model import Ridge

parser = argparse.ArgumentParser()
parser.add_argument("--alpha", type=float, default=1.0)
options = parser.parse_args()
with open(os.environ["TIDEMILL_PARAMS"]) as file:
    path = list(json.load(file)["inputs"].values())[0]
rows = pandas.read_parquet(path).sort_values("event_time")
learn, valid = rows[:-20], rows[-20:]
print(len(rows), "rows to", rows.event_time.max())
with mlflow.start_run():
    model = Ridge(alpha=options.alpha).fit(learn[["close"]], learn.next_close)
    missed = (model.predict(valid[["close"]]) - valid.next_close).abs().mean()
    mlflow.log_metric("val_mae", missed)
    exported = to_onnx(model, learn[["close"]].to_numpy("float32")[:1])
    mlflow.onnx.log_model(exported, name="model", signature=infer_signature(learn[["close"]]))
`;

const trainingSet = {
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
  name: 'by-script',
  featureViews: {
    closes: {
      sql: 'select symbol, date as event_time, close from prices',
      ...{ entity: ['symbol'], eventTime: 'event_time' },
    },
  },
  gates: {
    forecaster: {
      rules: [
        {
          name: 'better',
          expression: 'againstChampion.verdict == "candidate-better"',
          message: 'not better than the champion',
        },
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
  retraining: {
    forecaster: {
      ...{ endpoint: 'forecast', model: 'forecaster', trainingSet },
      script: {
        ...{ experiment: 'forecaster', target: 'next_close', timeColumn: 'event_time', folder: './training' },
        command: {
          command: ['python', 'train.py', `$\{args}`],
          environment: { PATH: [dirname(python), process.env.PATH].join(delimiter) },
          dependencies: 'none',
        },
        search: {
          space: { alpha: { type: 'float', low: 0.001, high: 10, log: true } },
          goal: { metric: 'val_mae', direction: 'minimize' },
          budget: { trials: 2 },
        },
      },
      evaluation: { baseline: 'close', window: { last: 40 } },
    },
  },
};

let place: Place;
let server: TestServer;

async function run(words: readonly string[]) {
  const ended = await tidemill(words, { url: server.url, folder: place.folder });
  expect(ended, `tidemill ${words.join(' ')}: ${ended.stderr}`).toMatchObject({ code: 0 });
  return ended.stdout;
}
const json = async <T>(...words: readonly string[]): Promise<T> =>
  JSON.parse(await run([...words, '--json']));

beforeAll(async () => {
  if (python === '') return;
  place = await createPlace('sqlite');
  server = await place.start('--model-python', python);
  await mkdir(join(place.folder, 'training'));
  await writeFile(join(place.folder, 'training/train.py'), train);
  await writeFile(join(place.folder, 'prices.csv'), `${days}\n`);
  await writeFile(join(place.folder, 'train.json'), JSON.stringify(trainingSet));
  await writeFile(join(place.folder, 'project.json'), JSON.stringify(project));
}, 60_000);
afterAll(() => place?.remove());

test.skipIf(python === '')(
  'the script is searched on the rows before the window, and its best model goes on trial',
  { timeout: 300_000 },
  async () => {
    await run(['datasets', 'commit', 'prices.csv']);
    await run(['apply', 'project.json']);
    await run(['features', 'training-set', 'train.json']);
    const learn = ['jobs', 'run', '--learner', 'trees', '--training-set', 'train@1', '--features', 'close'];
    const onTrain = ['--target', 'next_close', '--time-column', 'event_time'];
    await run([...learn, ...onTrain, '--register', 'forecaster', '--follow']);
    await run(['models', 'approve', 'forecaster@1', '--override', '--reason', 'to begin with']);
    await run(['features', 'materialize', 'closes']);
    expect(await run(['apply', 'project.json'])).toContain('+ policy forecaster');
    // The files are the same, so nothing is to be done.
    expect(await run(['plan', 'project.json'])).toContain('= policy forecaster');

    const { id } = await json<LoopRun>('loop', 'start', 'forecaster', '--reason', 'a script of ours');
    const isThere = ({ rollout, finishedAt }: LoopRun) => rollout !== null || finishedAt !== null;
    let found = await json<LoopRun>('loop', 'show', id);
    for (; !isThere(found); found = await json<LoopRun>('loop', 'show', id))
      await new Promise((resolve) => setTimeout(resolve, 300));
    const texts = found.steps.map(({ name, text }) => `${name}: ${text}`).join('\n');
    expect(found, texts).toMatchObject({ candidate: 'forecaster@2', rollout: expect.any(String) });
    expect(texts).toMatch(/the script is given the 159 before 2024-06-08 \(train\.retraining\.train@1\)/);
    expect(texts).toMatch(/sweep: 2 trials: best is trial \d, val_mae [\d.]+; registered as forecaster@2/);
    expect(texts).toMatch(/evaluation: MAE [\d.]+ against champion [\d.]+, naive [\d.]+ over 40 rows/);

    const version = await json<ModelVersion>('models', 'show', 'forecaster@2');
    expect(version).toMatchObject({
      trainingSet: 'dataset:train.retraining.train@1',
      flavors: expect.any(Array),
    });
    expect(version.trainingRange.close?.minimum).toBeCloseTo(100, 0);
    const sweep = found.steps.find(({ name }) => name === 'sweep')?.uri?.slice('sweep:'.length) ?? '';
    const { trials } = await json<Sweep>('sweeps', 'show', sweep);
    expect(await run(['jobs', 'logs', trials[0]?.jobId ?? ''])).toContain('159 rows to 2024-06-07');
    expect(await run(['jobs', 'files', trials[0]?.jobId ?? ''])).toContain('train.py');
    await run(['loop', 'cancel', id]);
  },
);
