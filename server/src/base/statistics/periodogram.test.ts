import { expect, test } from 'vitest';
import { noise, season, walk } from '../../testing/series.ts';
import { dominantPeriods, periodogram } from './periodogram.ts';

test('the periodogram equals numpy, of any length', () => {
  // numpy 2.4.6: abs(fft.rfft(noise[:15])) ** 2
  const expected = [1.4337757180111983, 1.021389655176716, 1.301856513819906, 1.1957890206185724];
  expected.push(1.5518713211508723, 0.22999481866300814, 1.537253975076942, 1.3994593194997937);
  const found = periodogram(noise(15));
  expect(found).toHaveLength(8);
  for (const [k, value] of expected.entries()) expect(found[k]).toBeCloseTo(value, 10);
});

test('a year of months is found, whatever the trend and the length', () => {
  for (const length of [96, 239, 240, 1001]) {
    const [first, ...rest] = dominantPeriods(season(length).map((value, i) => value + i / 10));
    expect(first?.period).toBeGreaterThan(11.4);
    expect(first?.period).toBeLessThan(12.6);
    expect(first?.power).toBeGreaterThan(0.5);
    expect(rest.every(({ power }) => power < 0.2)).toBe(true);
  }
});

test('overtones are not periods of their own', () => {
  const saw = Float64Array.from({ length: 280 }, (_, i) => i % 7);
  expect(dominantPeriods(saw).map(({ period }) => period)).toEqual([7]);
});

test('noise, walks, constants and short series have none', () => {
  for (const length of [64, 240, 1000]) {
    expect(dominantPeriods(noise(length))).toEqual([]);
    expect(dominantPeriods(walk(length))).toEqual([]);
  }
  expect(dominantPeriods(new Float64Array(100).fill(2))).toEqual([]);
  expect(dominantPeriods(season(12))).toEqual([]);
});
