// A scikit-learn model that the real mlflow client has registered is judged here, though it is no ONNX.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
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

const title =
  'a model of scikit-learn is judged as scikit-learn judges it, and goes through gate, approval and card';
test.skipIf(python === '')(title, async () => {
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

  const token = async (name: string) => {
    await tidemill(['users', 'create', name, '--role', 'approver'], { url });
    const made = await tidemill(['tokens', 'create', name, '--role', 'approver', '--user', name], { url });
    return made.stdout.trim();
  };
  const gate = join(place.folder, 'gate.json');
  const rules = [
    { name: 'better', expression: 'metrics.rmse < naive.mean.rmse', message: 'no better than the mean' },
    { name: 'sure', expression: 'intervals.rmse.high < 1.0', message: 'it may be worse', severity: 'warn' },
  ];
  await writeFile(gate, JSON.stringify({ rules, approval: { fourEyes: true, handover: true } }));
  expect(await tidemill(['models', 'gate', 'set', 'forest', gate], { url })).toMatchObject({ code: 0 });
  const checked = await tidemill(['models', 'check', 'forest@1'], { url });
  expect(checked.stdout).toMatch(/PASSED with warnings[\s\S]*warn sure: it may be worse/);
  const approve = ['models', 'approve', 'forest@1', '--reason', 'seen', '--handover', 'mind the summer'];
  const alone = await tidemill(approve, { url });
  expect(alone.code).not.toBe(0);
  expect(alone.stderr).toContain('carries no token');
  const approved = await tidemill([...approve, '--token', await token('noor')], { url });
  expect(approved.stdout).toContain('forest@1 is approved by user:noor');
  await tidemill(['models', 'card', 'write', 'forest', '--limits', 'no **winter**'], { url });
  const { stdout: card } = await tidemill(['models', 'card', 'show', 'forest@1'], { url });
  for (const word of ['no **winter**', 'sales@1', 'mind the summer', 'Not written yet.', 'user:noor'])
    expect(card).toContain(word);
});
