import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBatchCost } from './batch-cost.ts';

const positive = fc.double({ min: 0.01, max: 50, noNaN: true });

test('a line is found again, whatever it is', () => {
  fc.assert(
    fc.property(
      positive,
      positive,
      fc.array(fc.integer({ min: 1, max: 512 }), { minLength: 5, maxLength: 100 }),
      (perCall, perRow, sizes) => {
        fc.pre(new Set(sizes).size > 1);
        const cost = createBatchCost();
        for (const size of sizes) cost.learn(size, perCall + perRow * size);
        expect(cost.of(100) / (perCall + perRow * 100)).toBeCloseTo(1, 3);
      },
    ),
  );
});

test('nothing is known at first; calls of one size foretell calls of that size', () => {
  const cost = createBatchCost();
  expect(cost.of(10)).toBe(0);
  cost.learn(4, 8);
  cost.learn(4, 8);
  expect(cost.of(4)).toBeCloseTo(8);
});

test('it is never negative, and never less for more rows, whatever it is told', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 1e5, noNaN: true }))),
      (calls) => {
        const cost = createBatchCost();
        for (const [rows, milliseconds] of calls) cost.learn(rows, milliseconds);
        expect(cost.of(1)).toBeGreaterThanOrEqual(0);
        expect(cost.of(100)).toBeGreaterThanOrEqual(cost.of(1));
      },
    ),
  );
});

test('a model that became slower is known as such after some calls', () => {
  const cost = createBatchCost();
  for (let i = 0; i < 200; i++) cost.learn(1 + (i % 4), 1);
  for (let i = 0; i < 200; i++) cost.learn(1 + (i % 4), 10);
  expect(cost.of(2)).toBeGreaterThan(9);
});
