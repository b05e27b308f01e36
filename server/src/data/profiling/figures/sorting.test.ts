import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ascending } from './sorting.ts';

const numbers = fc.oneof(
  fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 60 }),
  fc.array(fc.integer({ min: 2 ** 53 - 30, max: 2 ** 53 - 1 }), { maxLength: 60 }),
  fc.array(fc.integer({ min: 0, max: 30 }).map((value) => 2 ** 60 + 256 * value)),
  fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)),
);

it('gives what a comparison sort gives, and leaves the values as they were', () => {
  fc.assert(
    fc.property(numbers, (list) => {
      const values = Float64Array.from(list);
      expect([...ascending(values)]).toEqual([...values].sort((a, b) => a - b));
      expect([...values]).toEqual(list);
    }),
  );
});

it('counts many equal values', () => {
  const values = Float64Array.from({ length: 1_000 }, (_, i) => (i * 7) % 3);
  expect([...ascending(values)]).toEqual([...values].sort((a, b) => a - b));
});
