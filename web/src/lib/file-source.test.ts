import { expect, it } from 'vitest';
import { toEntries } from './file-source.ts';

it('shows a folder at a time of a list of paths', () => {
  const files = [
    { path: 'MLmodel', size: 3 },
    { path: 'data/a.bin', size: 1 },
    { path: 'data/deep/b.bin', size: 2 },
    { path: 'database', size: 4 },
  ];
  expect(toEntries(files, '')).toEqual([
    { path: 'MLmodel', directory: false, size: 3 },
    { path: 'data', directory: true, size: null },
    { path: 'database', directory: false, size: 4 },
  ]);
  expect(toEntries(files, 'data').map((entry) => entry.path)).toEqual(['data/a.bin', 'data/deep']);
  expect(toEntries([], '')).toEqual([]);
});
