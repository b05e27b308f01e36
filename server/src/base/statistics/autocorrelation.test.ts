import { expect, test } from 'vitest';
import { season } from '../../testing/series.ts';
import { autocorrelation, partialAutocorrelation } from './autocorrelation.ts';

test('autocorrelations equal statsmodels', () => {
  // statsmodels 0.15.0: acf(season, nlags=6), pacf(season, nlags=6, method='ldb')
  const acf = autocorrelation(season(240), 6);
  const expected = [1, 0.8520970200937754, 0.49487587355373264, 0.00801897582047798];
  expected.push(-0.47581721980231534, -0.8294614760721345, -0.9593024691287116);
  for (const [lag, value] of expected.entries()) expect(acf[lag]).toBeCloseTo(value, 10);
  const partial = [1, 0.8520970200937754, -0.843985302900938, -0.6395330762416229];
  partial.push(-0.4028392555671122, -0.22908954290569644, -0.0750636094576166);
  for (const [lag, value] of partial.entries())
    expect(partialAutocorrelation(acf)[lag]).toBeCloseTo(value, 9);
});

test('no lag reaches beyond the series, and a constant has none', () => {
  expect(autocorrelation(Float64Array.of(1, 2, 4), 9)).toHaveLength(3);
  expect(autocorrelation(Float64Array.of(2, 2, 2), 2)[1]).toBeNaN();
  expect(() => autocorrelation(Float64Array.of(1), 1)).toThrow(RangeError);
});
