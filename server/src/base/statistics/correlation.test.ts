import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ascendingOrder,
  averageRanks,
  centered,
  pearson,
  pearsonOfCentered,
  spearman,
} from './correlation.ts';

const X = [0.61, 1.45, -0.32, 2.1, 0.07, 1.88, -1.21, 0.94, 0.35, 1.02, 0.07, 2.1];
const Y = [1.31, 2.75, 0.42, 3.01, 1.66, 2.22, 0.15, 1.93, 2.48, 0.88, 3.37, 1.09];
const without = (values: readonly number[], ...gone: number[]) =>
  Float64Array.from(values, (value, i) => (gone.includes(i) ? Number.NaN : value));

test('ranks and correlations equal scipy', () => {
  // scipy 1.17.1: stats.rankdata, stats.spearmanr, stats.pearsonr
  expect([...averageRanks(without(X))]).toEqual([6, 9, 2, 11.5, 3.5, 10, 1, 7, 5, 8, 3.5, 11.5]);
  expect(spearman(without(X), without(Y))).toBeCloseTo(0.36140573349858945, 12);
  expect(pearson(without(X), without(Y))).toBeCloseTo(0.43961599330850326, 12);
});

test('pairs with a missing side are left out, and the rest is ranked anew, as pandas does', () => {
  // pandas 2.3.3: DataFrame.corr('spearman'), DataFrame.corr('pearson')
  const [x, y] = [without(X, 3), without(Y, 0, 5)];
  expect(spearman(x, y)).toBeCloseTo(0.35146751167740364, 12);
  expect(pearson(x, y)).toBeCloseTo(0.2955282652400437, 12);
});

test('nothing is said of a constant, of too few pairs, or of lists of two lengths', () => {
  expect(spearman(Float64Array.of(1, 1, 1), Float64Array.of(1, 2, 3))).toBeNaN();
  expect(pearson(Float64Array.of(1, Number.NaN), Float64Array.of(1, 2))).toBeNaN();
  expect(() => pearson(Float64Array.of(1), Float64Array.of(1, 2))).toThrow(RangeError);
});

test('Spearman is one for every rising curve, symmetric, and within bounds', () => {
  const values = fc.uniqueArray(fc.integer({ min: -500, max: 500 }), { minLength: 3, maxLength: 40 });
  fc.assert(
    fc.property(values, fc.infiniteStream(fc.integer({ min: 0, max: 9 })), (list, stream) => {
      const x = Float64Array.from(list);
      const noise = Float64Array.from(list, () => stream.next().value ?? 0);
      expect(
        spearman(
          x,
          x.map((value) => value ** 3 + 1),
        ),
      ).toBeCloseTo(1, 12);
      const found = spearman(x, noise);
      if (Number.isNaN(found)) return;
      expect(Math.abs(found)).toBeLessThanOrEqual(1);
      expect(spearman(noise, x)).toBeCloseTo(found, 12);
    }),
  );
});

test('the order is that of comparing, whatever the doubles', () => {
  const values = fc.float64Array({ maxLength: 40 });
  fc.assert(
    fc.property(values, (list) => {
      const expected = [...list.keys()]
        .filter((i) => !Number.isNaN(list[i]))
        .sort((a, b) => ((list[a] ?? 0) < (list[b] ?? 0) ? -1 : (list[a] ?? 0) > (list[b] ?? 0) ? 1 : a - b));
      expect([...ascendingOrder(list)]).toEqual(expected);
    }),
  );
});

test("what is made of each column once gives the same as both columns together, Pearson's sign and ends too", () => {
  const column = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(column, column, (a, b) => {
      const [x, y] = [Float64Array.from(a), Float64Array.from(b)];
      expect(pearsonOfCentered(centered(x), centered(y))).toBe(pearson(x, y));
    }),
  );
  expect(pearsonOfCentered(centered(Float64Array.of(1, 1)), centered(Float64Array.of(1, 2)))).toBeNaN();
  expect(() => pearsonOfCentered(centered(without(X)), centered(Float64Array.of(1)))).toThrow(RangeError);
});
