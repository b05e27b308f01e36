import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Promised } from './bench.ts';
import { compare, median } from './comparison.ts';

const promised: Promised = {
  name: 'x',
  unit: 'req/s',
  better: 'higher',
  target: 0.7,
  peer: { name: 'peer', version: '1' },
};

test('the median lies between as many values below as above', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (values) => {
      const middle = median(values);
      const below = values.filter((value) => value < middle).length;
      const above = values.filter((value) => value > middle).length;
      expect(below).toBeLessThanOrEqual(values.length / 2);
      expect(above).toBeLessThanOrEqual(values.length / 2);
    }),
  );
});

test('the ratio is the median over paired rounds, not the ratio of medians', () => {
  const line = compare(promised, { name: 'x', ours: [80, 8, 900], peer: [100, 10, 1000] });
  expect(line).toEqual({
    ...{ bench: 'x', ours: 80, peer: { name: 'peer', version: '1', value: 100 }, unit: 'req/s' },
    ...{ ratio: 0.8, target: 0.7, met: true },
  });
});

test('where less is better, and under a limit, a higher ratio is still the better one', () => {
  const faster = { name: 'x', ours: [50], peer: [100] };
  expect(compare({ ...promised, better: 'lower' }, faster).ratio).toBe(2);
  const limited: Promised = { ...promised, better: 'lower', limit: 100, target: 1, peer: null };
  expect(compare(limited, { name: 'x', ours: [125], peer: null })).toMatchObject({
    ratio: 0.8,
    met: false,
    peer: null,
  });
});

test('a peer or a bench that did not run is not met, and still has its line', () => {
  expect(compare(promised, { name: 'x', ours: [80], peer: null })).toMatchObject({
    peer: { value: null },
    met: false,
  });
  expect(compare(promised, undefined)).toMatchObject({ ours: null, ratio: 0, met: false });
});
