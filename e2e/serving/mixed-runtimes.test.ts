// A pipeline with a column of text behind one endpoint, served by a Python worker and by ONNX at once.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient, waitFor } from '@tidemill/sdk';
import { expect, onTestFinished, test } from 'vitest';
import { tidemill } from '../cli-process.ts';
import { createPlace } from '../mlflow/servers.ts';

const call = promisify(execFile);
const python = process.env.TIDEMILL_TEST_PYTHON ?? '';
if (python === '')
  console.warn('SKIPPED: models of Python. npm test makes their environment; see CONTRIBUTING.md.');

interface Told {
  readonly records: { readonly color: string; readonly petal: number }[];
  readonly labels: readonly string[];
}

test.skipIf(python === '')(
  'a text column goes through Python and through ONNX, split and shadowed, with equal answers',
  async () => {
    const place = await createPlace('sqlite');
    onTestFinished(() => place.remove());
    const { url } = await place.start('--model-python', python);
    const client = createClient({ url });
    const env = { ...process.env, HOME: place.folder, MLFLOW_TRACKING_URI: url };
    const { stdout } = await call(python, [join(import.meta.dirname, 'flowers.py')], { env });
    const { records, labels } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Told;
    for (const version of ['1', '2'])
      await client.governance.approve({ name: 'flowers', version, reason: 'a test', override: true });

    const name = 'flowers';
    const variants = [
      { name: 'python', model: 'flowers@1', weight: 0.5 },
      { name: 'onnx', model: 'flowers@2', weight: 0.5 },
      { name: 'watcher', model: 'flowers@1', weight: 0, shadow: true, runtime: 'python' as const },
    ];
    await client.endpoints.put({ name, variants, entity: ['color', 'petal'], timeoutMs: 20_000 });
    const { runtimes } = await client.endpoints.get({ name });
    expect(runtimes.map(({ variant, kind, state }) => [variant, kind, state])).toEqual([
      ['python', 'python', 'ready'],
      ['onnx', 'onnx', 'ready'],
      ['watcher', 'python', 'ready'],
    ]);

    const reply = await client.endpoints.predict({ name, records });
    expect(reply.fallbackReason).toBe(null);
    expect(reply.predictions.map(({ value }) => value)).toEqual(labels);
    expect(new Set(reply.predictions.map(({ variant }) => variant))).toEqual(new Set(['python', 'onnx']));
    const byOnnx = reply.predictions.find(({ variant }) => variant === 'onnx');
    expect(Object.values(byOnnx?.outputs ?? {})).toContainEqual([
      expect.any(Number),
      expect.any(Number),
      expect.any(Number),
    ]);

    const bad = client.endpoints.predict({ name, records: [{ color: 7, petal: 'long' }] });
    await expect(bad).rejects.toThrow(
      "feature 'color': 7 is no text; feature 'petal': \"long\" is not a number",
    );

    const logged = await waitFor(
      () => client.predictions.list({ name, limit: 1000 }),
      ({ items }) => items.some(({ role }) => role === 'shadow'),
      { what: 'the shadow' },
    );
    // It answers what ONNX has answered, and says the same.
    const shadows = logged.items.filter(({ role }) => role === 'shadow');
    expect(shadows.map(({ variant, fallbackReason }) => [variant, fallbackReason])).toEqual(
      shadows.map(() => ['watcher', null]),
    );
    expect(shadows.map(({ output }) => Object.values(output ?? {}))).toEqual(
      shadows.map(({ id }) => [labels[Number(/-(\d+)~watcher$/.exec(id)?.[1])]]),
    );
    expect(
      logged.items.find(({ role, status }) => role === 'live' && status === 'ok')?.features,
    ).toHaveProperty('color');

    const words = ['endpoints', 'predict', name, '--record', 'color=red', 'petal=8'];
    expect((await tidemill(words, { url })).stdout).toContain('rose');
  },
  240_000,
);
