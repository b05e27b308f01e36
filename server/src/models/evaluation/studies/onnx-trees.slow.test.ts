import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ensurePythonEnvironment } from '../../../../../scripts/python-environment.ts';
import { tempDir } from '../../../testing/temp-dir.ts';
import { attribute } from './attribution-work.ts';

const python = await ensurePythonEnvironment();

interface Made {
  readonly columns: number[][];
  readonly models: { name: string; path: string; given: number[][] }[];
}

const refusals: Readonly<Record<string, string>> = {
  'a scaler before the trees': 'its trees ask about what Scaler makes of the inputs',
  'no trees': '0 tree ensembles',
};

test.skipIf(python === null)(
  'ensembles that scikit-learn makes: attributions add up to what onnxruntime gives, or why not',
  async () => {
    const script = new URL('./onnx-trees.py', import.meta.url).pathname;
    const { stdout, stderr } = spawnSync(python ?? '', [script, await tempDir()], { maxBuffer: 1e9 });
    expect(stdout.length, stderr.toString()).toBeGreaterThan(0);
    const made = JSON.parse(stdout.toString()) as Made;
    const columns = made.columns.map((column) => Float64Array.from(column));
    const rows = columns[0]?.length ?? 0;
    for (const { name, path, given } of made.models) {
      const found = await attribute(
        {
          ...{ path, columns, rows, features: ['a', 'b', 'c', 'd'], alpha: 0.05 },
          background: { columns, rows },
          given: given.map((column) => Float64Array.from(column)),
          kept: [{ row: 3, shownAs: 4 }],
        },
        () => undefined,
      );
      const refusal = refusals[name];
      if ('refused' in found) {
        expect(refusal && found.refused, `${name}: ${found.refused}`).toContain(refusal);
        continue;
      }
      expect(refusal, name).toBeUndefined();
      expect(found.largestGap, name).toBeLessThan(1e-5);
      expect(found.outputs, name).toHaveLength(name.endsWith('three') ? 3 : found.outputs.length);
      const [point] = found.points;
      found.outputs.forEach(({ base }, k) => {
        const { total, attributions } = point?.outputs[k] ?? { total: Number.NaN, attributions: [] };
        expect(
          attributions.reduce((sum, value) => sum + value, base),
          name,
        ).toBeCloseTo(total, 9);
      });
    }
  },
);
