// A scikit-learn model that the real mlflow client has registered is judged here, though it is no ONNX.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { tidemill } from '../cli-process.ts';
import { createPlace } from '../mlflow/servers.ts';

const call = promisify(execFile);
const python = process.env.TIDEMILL_TEST_PYTHON ?? '';
if (python === '')
  console.warn('SKIPPED: models of Python. npm test makes their environment; see CONTRIBUTING.md.');

interface Told {
  readonly metrics: Readonly<Record<string, number>>;
  readonly refitted: boolean;
}

test.skipIf(python === '')('a model of scikit-learn is evaluated as scikit-learn evaluates it', async () => {
  const place = await createPlace('sqlite');
  onTestFinished(() => place.remove());
  const { url } = await place.start('--model-python', python);
  const csv = join(place.folder, 'sales.csv');
  const env = { ...process.env, HOME: place.folder, MLFLOW_TRACKING_URI: url };
  const { stdout } = await call(python, [join(import.meta.dirname, 'python_model.py'), csv], { env });
  const expected = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { rmse: number; mae: number };
  const { stdout: shown } = await tidemill(['models', 'show', 'forest@1'], { url });
  expect(shown).toMatch(/^warning +Opening pickles runs whatever code is in them \(model\.pkl\)/m);
  const committed = await tidemill(['datasets', 'commit', csv], { url });
  expect(committed.stderr).toBe('');
  const words = ['evaluations', 'run', 'forest@1', '--dataset', 'sales@1', '--target', 'sales'];
  const evaluated = await tidemill([...words, '--time-column', 'day', '--last', '60', '--json'], { url });
  expect(evaluated.stderr).toBe('');
  const { metrics, refitted } = JSON.parse(evaluated.stdout) as Told;
  expect(refitted).toBe(false);
  expect(metrics.rmse).toBeCloseTo(expected.rmse, 9);
  expect(metrics.mae).toBeCloseTo(expected.mae, 9);
});
