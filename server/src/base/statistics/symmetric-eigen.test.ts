import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decomposeSymmetric } from './symmetric-eigen.ts';

const symmetric = fc.integer({ min: 1, max: 9 }).chain((n) =>
  fc
    .array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: n * n, maxLength: n * n })
    .map((values) => {
      const at = (i: number, j: number) => (values[i * n + j] ?? 0) + (values[j * n + i] ?? 0);
      return Float64Array.from({ length: n * n }, (_, k) => at(Math.floor(k / n), k % n));
    }),
);

test('values and orthogonal vectors make the matrix again', () => {
  fc.assert(
    fc.property(symmetric, (matrix) => {
      const n = Math.sqrt(matrix.length);
      const { values, vectors } = decomposeSymmetric(matrix);
      const v = (i: number, j: number) => vectors[i * n + j] ?? 0;
      for (let i = 0; i < n; i += 1)
        for (let j = 0; j < n; j += 1) {
          const all = [...values.keys()];
          const made = all.reduce((sum, k) => sum + v(i, k) * (values[k] ?? 0) * v(j, k), 0);
          expect(made).toBeCloseTo(matrix[i * n + j] ?? 0, 10);
          expect(all.reduce((sum, k) => sum + v(k, i) * v(k, j), 0)).toBeCloseTo(i === j ? 1 : 0, 12);
        }
    }),
  );
});

test('equals numpy', () => {
  // numpy 2.4: numpy.linalg.eigvalsh([[2, -1, 0], [-1, 2, -1], [0, -1, 2]])
  const { values } = decomposeSymmetric(Float64Array.of(2, -1, 0, -1, 2, -1, 0, -1, 2));
  const expected = [0.5857864376269049, 2, 3.414213562373095];
  for (const [i, value] of values.toSorted().entries()) expect(value).toBeCloseTo(expected[i] ?? 0, 14);
});
