// The example notebook, cell by cell, against a server as a user starts it.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { root } from '../../scripts/steps.ts';
import { tidemill } from '../cli-process.ts';
import { createPlace } from './servers.ts';

const call = promisify(execFile);
const python = process.env.TIDEMILL_TEST_PYTHON ?? '';
if (python === '')
  console.warn('SKIPPED: the notebook. npm test makes its Python environment; see CONTRIBUTING.md.');

interface Told {
  readonly auc: number;
  readonly persistence: number;
  readonly statuses: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly feast: { readonly metadata: { readonly feature_names: readonly string[] } };
}

test.skipIf(python === '')(
  'defines features, learns from a training set, and finds the same values online',
  async () => {
    const place = await createPlace('sqlite');
    onTestFinished(() => place.remove());
    const { url } = await place.start();
    const words = [
      join(import.meta.dirname, 'notebook.py'),
      join(root, 'examples/features/rain.ipynb'),
      ...['auc', 'persistence', 'statuses', 'feast'],
    ];
    const env = { ...process.env, HOME: place.folder, TIDEMILL_URL: url, MPLBACKEND: 'Agg' };
    const { stdout } = await call(python, words, { env, maxBuffer: 1e8 });
    const told = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Told;
    expect(told.auc).toBeGreaterThan(told.persistence);
    expect(told.statuses.rain).toEqual({ Seattle: 'PRESENT', 'New York': 'PRESENT', Atlantis: 'NOT_FOUND' });
    expect(told.feast.metadata.feature_names).toContain('spread');
    const { stdout: lineage } = await tidemill(['lineage', 'model:rain@1'], { url });
    expect(lineage).toContain('service:rain_tomorrow@1  (training-set)  -> dataset:rain-train@1');
    expect(lineage).toMatch(/dataset:rain-train@1 {2}\(input\) {2}-> run:/);
    const { stdout: uses } = await tidemill(['features', 'uses', 'view:weather_stats@1'], { url });
    expect(uses).toMatch(/^models +rain@1$/m);
  },
);
