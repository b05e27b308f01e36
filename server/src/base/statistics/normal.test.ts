import { describe, expect, test } from 'vitest';
import { erfc, erfcx } from './error-function.ts';
import { logNormalCdf, logNormalMass, normalQuantileOfLog, truncatedNormalQuantile } from './normal.ts';

const isClose = (found: number, expected: number, tolerance: number) =>
  expect(Math.abs(found - expected), `${found} for ${expected}`).toBeLessThanOrEqual(
    tolerance * Math.abs(expected),
  );

describe('the error function', () => {
  // scipy 1.17.1: scipy.special.erfc, erfcx
  test.each([
    [-5, 1.9999999999984626, 144009798674.66104],
    [-0.5, 1.5204998778130465, 1.952360489182557],
    [-0.3, 1.3286267594591274, 1.4537492328427655],
    [0.1, 0.8875370839817152, 0.8964569799691268],
    [0.46875, 0.507386526782062, 0.632069689249556],
    [0.5, 0.4795001221869535, 0.6156903441929258],
    [1, 0.15729920705028516, 0.427583576155807],
    [3.9, 3.479224859723178e-8, 0.14031418160068973],
    [4.1, 6.7000276540849075e-9, 0.13383411641865198],
    [10, 2.0884875837625446e-45, 0.05614099274382259],
    [26, 5.663192408856145e-296, 0.02168358485056291],
  ])('of %d is scipy’s', (x, plain, scaled) => {
    isClose(erfc(x), plain, 3e-15);
    isClose(erfcx(x), scaled, 3e-15);
  });

  test('reaches its ends', () => {
    expect(erfc(Number.POSITIVE_INFINITY)).toBe(0);
    expect(erfc(Number.NEGATIVE_INFINITY)).toBe(2);
  });
});

describe('the normal distribution in logarithms', () => {
  // scipy.special.log_ndtr
  test.each([
    [-1e4, -50000010.12927892],
    [-40, -804.6084420137539],
    [-10, -53.23128515051248],
    [-2, -3.7831843336820317],
    [-1, -1.8410216450092634],
    [-0.5, -1.1759117615936188],
    [0, -Math.LN2],
    [1, -0.1727537790234499],
    [5, -2.8665161296376294e-7],
    [9, -1.1285884059538324e-19],
  ])('below %d has the mass of scipy', (z, expected) => isClose(logNormalCdf(z), expected, 4e-15));

  // In sixty digits.
  test.each([
    [-1, 1, -0.38171514630212605],
    [5, 5.01, -18.04902101327498],
    [8, 30, -35.01343715991455],
    [-1e-9, 1e-9, -20.949057189591137],
    [-3, -1, -1.8495664205476083],
    [0.5, 2, -1.2525070775159306],
  ])('between %d and %d keeps its digits', (a, b, expected) => {
    isClose(logNormalMass(a, b), expected, 1e-14);
    expect(logNormalMass(-b, -a)).toBe(logNormalMass(a, b));
  });

  test('far out a mass is still a number', () => {
    // The upper end decides: log_ndtr(-39.5) less what lies beyond -40.
    isClose(logNormalMass(-40, -39.5), logNormalCdf(-39.5), 1e-10);
    expect(logNormalMass(-1e6, -1e6 + 1)).toBeLessThan(-4e11);
    expect(logNormalMass(-30, 40)).toBeCloseTo(0, 15);
  });

  // scipy.special.ndtri_exp
  test.each([
    [-1e-5, 4.264891910308922],
    [-0.3, 0.6458699862012636],
    [-0.7, -0.008559478582480308],
    [-3, -1.6469217205277145],
    [-20, -5.879209356485337],
    [-700, -37.295079632647415],
    [-1e5, -447.19789367876837],
  ])('reaches the log probability %d where scipy does', (log, expected) =>
    isClose(normalQuantileOfLog(log), expected, 1e-11),
  );

  // scipy.stats.truncnorm.ppf
  test.each([
    [0.3, -1, 2, -0.2424038178892269],
    [0.999, -8, 0.5, 0.4980369449544699],
    [0.5, 6, 9, 6.111565061795188],
    [1e-12, -2, 3, -1.9999999999819251],
    [0.7, -50, -45, -45.0079215049834],
    [0.2, -0.001, 0.001, -0.000599999935999816],
    [0.5, 30, 31, 30.023070467827313],
  ])('has the quantile %d of [%d, %d] of scipy', (q, a, b, expected) =>
    isClose(truncatedNormalQuantile(q, a, b), expected, 1e-8),
  );

  test('has its ends as quantiles', () => {
    for (const [a, b] of [
      [-1, 2],
      [3, 4],
      [-90, -80],
    ] as const) {
      expect(truncatedNormalQuantile(0, a, b)).toBeCloseTo(a, 12);
      expect(truncatedNormalQuantile(1, a, b)).toBeCloseTo(b, 12);
    }
  });
});
