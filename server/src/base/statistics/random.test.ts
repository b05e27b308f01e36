import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom, shuffle } from './random.ts';
import { mean, variance } from './summary.ts';

describe('createRandom', () => {
  // A transcription of sfc32 to Python 3 whole numbers, first four outputs after the 15 discarded.
  test.each([
    [0, [3300212312, 1743954244, 207519241, 3716241083]],
    [1, [2308299391, 1950625580, 354034397, 661219729]],
    [42, [3893884377, 145076852, 3246010591, 4141225530]],
    [-7, [1328027616, 3270597760, 2867069521, 3480873000]],
    [2 ** 40 + 5, [2118367875, 2006029010, 2950708159, 553230494]],
  ])('seed %d gives the same stream everywhere', (seed, expected) => {
    const random = createRandom(seed);
    expect(expected.map(() => random.uint32())).toEqual(expected);
  });

  test('next is uniform in [0, 1)', () => {
    const random = createRandom(3);
    const draws = new Float64Array(50_000).map(() => random.next());
    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
    expect(mean(draws)).toBeCloseTo(0.5, 2);
    expect(variance(draws)).toBeCloseTo(1 / 12, 2);
  });

  test('normal has mean 0, variance 1 and 2.5 percent beyond 1.96', () => {
    const random = createRandom(4);
    const draws = new Float64Array(50_000).map(() => random.normal());
    expect(Math.abs(mean(draws))).toBeLessThan(0.02);
    expect(Math.abs(variance(draws) - 1)).toBeLessThan(0.03);
    expect(Math.abs(draws.filter((draw) => draw > 1.96).length / draws.length - 0.025)).toBeLessThan(0.004);
  });

  test('integer covers 0 to n - 1 evenly', () => {
    const random = createRandom(5);
    const counts = new Float64Array(7);
    for (let draw = 0; draw < 70_000; draw += 1) {
      const value = random.integer(7);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    expect(counts.every((count) => Math.abs(count - 10_000) < 500)).toBe(true);
  });

  test('refuses a seed or a bound that is no whole number in range', () => {
    for (const seed of [0.5, Number.NaN, 2 ** 60]) expect(() => createRandom(seed)).toThrow(/seed is/);
    for (const n of [0, 1.5, 2 ** 32 + 1]) expect(() => createRandom(1).integer(n)).toThrow(/n is/);
  });
});

describe('shuffle', () => {
  test('permutes a copy and depends on the seed alone', () => {
    fc.assert(
      fc.property(fc.float64Array({ noNaN: true }), fc.integer(), (values, seed) => {
        const before = values.slice();
        const shuffled = shuffle(values, createRandom(seed));
        expect(values).toEqual(before);
        expect(shuffled.slice().sort()).toEqual(before.slice().sort());
        expect(shuffled).toEqual(shuffle(values, createRandom(seed)));
      }),
    );
  });

  test('every order is equally likely', () => {
    const random = createRandom(6);
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 12_000; draw += 1) {
      const order = shuffle(Float64Array.of(1, 2, 3), random).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    expect([...counts.values()].every((count) => Math.abs(count - 2000) < 200)).toBe(true);
  });
});
