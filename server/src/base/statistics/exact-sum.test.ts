import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exactSum } from './exact-sum.ts';

/** Of doubles as whole multiples of the smallest one there is. */
function asBigInt(value: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const raw = bits.getBigUint64(0);
  const exponent = Number((raw >> 52n) & 0x7ffn);
  const fraction = raw & ((1n << 52n) - 1n);
  const size = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return value < 0 ? -size : size;
}

it('is the nearest double to the true sum, in any order', () => {
  const double = fc.double({ noNaN: true, min: -1e300, max: 1e300 });
  const near = fc.integer({ min: -50, max: 50 }).chain((e) => fc.integer().map((n) => n * 2 ** e));
  fc.assert(
    fc.property(fc.array(fc.oneof(double, near), { maxLength: 12 }), (values) => {
      const sum = exactSum(values);
      const truth = values.reduce((total, value) => total + asBigInt(value), 0n);
      const distance = (candidate: number) => {
        const difference = asBigInt(candidate) - truth;
        return difference < 0n ? -difference : difference;
      };
      const ulp = Math.max(Number.MIN_VALUE, Math.abs(sum) * Number.EPSILON);
      expect(distance(sum) <= distance(sum + ulp) && distance(sum) <= distance(sum - ulp)).toBe(true);
      expect(exactSum(values.toReversed())).toBe(sum);
      expect(exactSum(values.toSorted())).toBe(sum);
    }),
    { numRuns: 1_000 },
  );
});

it('loses nothing that cancels out', () => {
  expect(exactSum([])).toBe(0);
  expect(exactSum([1e100, 1, -1e100])).toBe(1);
  expect(exactSum(Array.from({ length: 10 }, () => 0.1))).toBe(1);
  expect(exactSum([1, 2 ** -53, 2 ** -106])).toBe(1 + Number.EPSILON);
});
