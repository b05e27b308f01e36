import { describe, expect, test } from 'vitest';
import { parseSpace } from './parse-space.ts';
import { createSobolSampler, directions, sobolNumber } from './sobol.ts';

const unit = { type: 'float', low: 0, high: 1 };

describe('the Sobol sequence', () => {
  // scipy 1.17.1: scipy.stats.qmc.Sobol(128, scramble=False, bits=32).random(4096) * 2 ** 32
  test.each([
    [1, 0, 2147483648],
    [5, 1, 3758096384],
    [100, 2, 3321888768],
    [1000, 7, 3862953984],
    [4095, 31, 376438784],
    [2047, 127, 94371840],
    [3001, 100, 3266314240],
  ])('is that of scipy: point %d, dimension %d', (index, dimension, expected) => {
    expect(sobolNumber(directions[dimension] ?? [], index)).toBe(expected);
  });

  test('has 128 dimensions, all different', () => {
    expect(directions).toHaveLength(128);
    expect(new Set(directions.map((columns) => columns.join())).size).toBe(128);
  });

  test('scrambled still puts one of 2^k points in each 2^-k of every side, and of each elementary box of two', () => {
    const space = parseSpace(Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`x${10 + i}`, unit])));
    const sampler = createSobolSampler({ space, seed: 5 });
    const points = Array.from({ length: 256 }, (_, number) =>
      Object.values(sampler.ask(number)?.parameters ?? {}).map(Number),
    );
    for (let side = 0; side < 12; side += 1)
      expect(new Set(points.map((point) => Math.floor((point[side] ?? 0) * 256))).size).toBe(256);
    for (const [width, height] of [
      [16, 16],
      [4, 64],
      [128, 2],
    ] as const) {
      const boxes = points.map(([x = 0, y = 0]) => `${Math.floor(x * width)} ${Math.floor(y * height)}`);
      expect(new Set(boxes).size).toBe(256);
    }
  });

  test('differs from seed to seed', () => {
    const space = parseSpace({ x: unit, y: unit });
    const [a, b] = [1, 2].map((seed) => createSobolSampler({ space, seed }).ask(7));
    expect(a).not.toEqual(b);
  });
});
