import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRuns, encodeRuns } from './row-runs.ts';

test('runs as text name what is left out', () => {
  const runs = Int32Array.from([0, 0, 97, 1, 0, 1, 0, 98, 55, 0, 10, 2]);
  expect(encodeRuns(runs)).toBe('a97 b1 1a55 -143a2');
  expect(decodeRuns('a97 b1 1a55 -143a2')).toEqual(runs);
  expect(decodeRuns('')).toEqual(new Int32Array());
  expect(() => decodeRuns('a97 ?')).toThrow("'?' is no run of rows");
});

test('any runs come back from their text', () => {
  const run = fc.tuple(
    fc.integer({ min: 0, max: 25 }),
    fc.integer({ min: 0, max: 2 ** 30 }),
    fc.integer({ min: 1, max: 2 ** 20 }),
  );
  fc.assert(
    fc.property(fc.array(run), (all) => {
      const runs = Int32Array.from(all.flat());
      expect(decodeRuns(encodeRuns(runs))).toEqual(runs);
    }),
  );
});
