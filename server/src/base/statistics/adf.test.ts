import { expect, test } from 'vitest';
import { noise, season, walk } from '../../testing/series.ts';
import { adfTest, mackinnonP } from './adf.ts';
import { normalCdf } from './normal.ts';

test('the test equals statsmodels', () => {
  // statsmodels 0.15.0: adfuller(series)[:3]
  const expected = [
    [noise(240), -15.339924688889004, 3.8434655429734303e-28, 0],
    [walk(240), -2.250697907416692, 0.18836192449381556, 0],
    [season(240), -3.8135040970145457, 0.0027721332741227397, 11],
    [noise(30), -4.900161379765687, 3.484914408966436e-5, 0],
  ] as const;
  for (const [series, statistic, pValue, lags] of expected) {
    const found = adfTest(series);
    expect(found?.lags).toBe(lags);
    expect(found?.statistic).toBeCloseTo(statistic, 8);
    expect((found?.pValue ?? 1) / pValue).toBeCloseTo(1, 6);
  }
});

test('constants and short series are not tested', () => {
  expect(adfTest(new Float64Array(50).fill(3))).toBeNull();
  expect(adfTest(Float64Array.of(1, 2, 1))).toBeNull();
  expect(() => adfTest(Float64Array.of(1, Number.NaN))).toThrow(RangeError);
});

test('a straight line leaves nothing to test', () => {
  expect(adfTest(Float64Array.from({ length: 60 }, (_, i) => i))?.pValue ?? 1).toBeGreaterThan(0.05);
});

test('the p-value is one or zero where the polynomial ends', () => {
  expect(mackinnonP(3)).toBe(1);
  expect(mackinnonP(-19)).toBe(0);
});

test('the normal distribution equals scipy', () => {
  // scipy 1.17.1: stats.norm.cdf
  const expected = [
    [-8, 6.22096057427174e-16],
    [-3.1, 0.0009676032132183563],
    [-1, 0.15865525393145707],
    [0.3, 0.6179114221889526],
    [2.5, 0.9937903346742238],
  ] as const;
  for (const [z, value] of expected) expect(normalCdf(z) / value).toBeCloseTo(1, 12);
});
