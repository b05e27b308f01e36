import { expect, test } from 'vitest';
import { type ComparedRun, compareRuns, withoutOwn } from './compare.ts';

const run = (change: Partial<ComparedRun> = {}): ComparedRun => ({
  metrics: { mae: 2.5, 'system/cpu': 3 },
  files: [
    { path: 'model/MLmodel', sha256: 'a', text: 'flavors: {}\n' },
    { path: 'model/model.pkl', sha256: 'b' },
    { path: 'plot.png', sha256: 'c' },
  ],
  ...change,
});

test('ids and times of a model, plots and system metrics make no difference', () => {
  const files = run().files.map((file) => ({ ...file, sha256: file.path.endsWith('pkl') ? 'b' : 'other' }));
  const found = compareRuns(run(), run({ files, metrics: { mae: 2.5, 'system/cpu': 9 } }));
  expect(found.verdict).toBe('equal');
  expect(found.metrics).toEqual([{ key: 'mae', before: 2.5, after: 2.5, verdict: 'equal' }]);
  expect(found.files).toEqual([
    { path: 'model/MLmodel', model: true, verdict: 'equal but for ids and times' },
    { path: 'model/model.pkl', model: true, verdict: 'equal' },
    { path: 'plot.png', model: false, verdict: 'differs' },
  ]);
});

test('what differs is named with its numbers; other bytes with equal metrics are said to be that', () => {
  const files = [{ path: 'model/MLmodel', sha256: 'a', text: 'flavors: {}\n' }];
  expect(compareRuns(run(), run({ files }))).toMatchObject({
    verdict: 'equal metrics',
    files: [{}, { path: 'model/model.pkl', verdict: 'missing' }, { path: 'plot.png', verdict: 'missing' }],
  });
  expect(compareRuns(run(), run({ metrics: { mae: 2.5 * (1 + 1e-12) } }))).toMatchObject({
    verdict: 'equal metrics',
    metrics: [{ verdict: 'within tolerance' }],
  });
  expect(compareRuns(run(), run({ metrics: { mae: 2.6, r2: null } }))).toMatchObject({
    verdict: 'different',
    metrics: [
      { key: 'mae', before: 2.5, after: 2.6, verdict: 'differs' },
      { key: 'r2', before: null, after: null, verdict: 'new' },
    ],
  });
  const bare = { metrics: {}, files: [{ path: 'table.csv', sha256: 'a' }] };
  expect(compareRuns(bare, { ...bare, files: [{ path: 'table.csv', sha256: 'b' }] }).verdict).toBe(
    'different',
  );
});

test('of a notebook the cells decide, and those that differ are named', () => {
  const copy = (sha256: string, ...cells: string[]) => ({
    metrics: {},
    files: [{ path: 'analysis.ipynb', sha256, cells }],
  });
  expect(compareRuns(copy('a', 'x', 'y'), copy('b', 'x', 'y'))).toMatchObject({
    verdict: 'equal',
    files: [{ path: 'analysis.ipynb', verdict: 'equal but for ids and times' }],
  });
  expect(compareRuns(copy('a', 'x', 'y', 'z'), copy('b', 'x', 'q'))).toMatchObject({
    verdict: 'different',
    files: [{ path: 'analysis.ipynb', verdict: 'differs', cells: [2, 3] }],
  });
});

test('an MLmodel without what is its own', () => {
  const text =
    'artifact_path: x/m-1\nflavors:\n  sklearn: 1\nmodel_id: m-1\nrun_id: 4f\nutc_time_created: now\n';
  expect(withoutOwn(text)).toBe('flavors:\n  sklearn: 1\n');
});
