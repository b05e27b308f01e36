// The same models through ONNX in this process and through MLflow in a Python worker: the same predictions.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readSavedModel } from '../../testing/python-models.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { buildRandomMatrix, buildRandomTarget } from '../../training/learners/learner-testing.ts';
import { getLearner } from '../../training/learners/learners.ts';
import { buildMlflowModel } from '../../training/learners/mlflow-model.ts';
import { localExecutor } from '../executor/local.ts';
import { localEnvironments } from '../python-environments/local.ts';
import { createPythonRuntimes } from './python.ts';
import { openRuntime } from './runtimes.ts';

const python = process.env.TIDEMILL_TEST_PYTHON ?? '';
const torch = process.env.TIDEMILL_TEST_TORCH ?? '';
const isSkipped = python === '' || torch === '';
if (isSkipped)
  console.warn('SKIPPED: equal predictions. npm test makes their environment; see CONTRIBUTING.md.');
const temp = await createTempDir();
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const names = ['a', 'b', 'c', 'd'];
const rowCount = 200;
/** Spread over the range of the training rows, the same each time. */
const rows = Float32Array.from({ length: rowCount * names.length }, (_, i) => 4 * Math.sin(i * 12.9898));

const pythons = createPythonRuntimes({
  executor: localExecutor(),
  environments: localEnvironments({ folder: join(temp.path, 'environments') }),
  environment: { PATH: process.env.PATH ?? '', HOME: temp.path },
  buildEnvironment: {},
  folder: join(temp.path, 'models'),
  python,
});

async function saveOurs(): Promise<void> {
  const features = { ...buildRandomMatrix(400, names.length, 5), names };
  const target = buildRandomTarget(features, 5);
  const files = buildMlflowModel({
    onnx: getLearner('trees').fit({ features, target }, {}, 0).toOnnx(),
    example: features,
    trainingRange: [],
    ...{ runId: 'a'.repeat(32), modelUuid: 'b'.repeat(32), createdAt: new Date(0) },
  });
  await mkdir(join(temp.path, 'ours'));
  for (const [path, bytes] of files) await writeFile(join(temp.path, 'ours', path), bytes);
}

describe.skipIf(isSkipped)('equal predictions', () => {
  beforeAll(async () => {
    await promisify(execFile)(torch, [join(import.meta.dirname, '../../testing/equal_models.py'), temp.path]);
    await saveOurs();
  });
  afterAll(async () => {
    await pythons.close();
    await temp.remove();
  });

  it.each(['sklearn', 'xgboost', 'torch', 'ours'])('of %s', async (name) => {
    const onnx = await openRuntime({
      ...{ kind: 'onnx', model: `${name}@1` },
      path: join(temp.path, name, 'model.onnx'),
    });
    const worker = await pythons.open(readSavedModel(join(temp.path, name), names));
    const [fast, slow] = [
      await onnx.predict(rows, rowCount, names.length),
      await worker.predict(rows, rowCount, names.length),
    ];
    expect(fast.length).toBe(slow.length);
    const differences = Array.from(fast, (value, i) => {
      const other = slow[i] ?? Number.NaN;
      return Math.abs(value - other) / Math.max(1, Math.abs(other));
    });
    const largest = Math.max(...differences);
    console.info(`${name}: ${fast.length} predictions, largest difference ${largest.toExponential(1)}`);
    expect(largest).toBeLessThan(1e-5);
    // No constant: a model that answers the same for all would be equal too.
    expect(new Set(fast).size).toBeGreaterThan(10);
    await Promise.all([onnx.close(), worker.close()]);
  });
});
