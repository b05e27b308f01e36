/** Runs in a worker thread: columns in the order of time. */
import type { SeriesProfile } from '@tidemill/contract';
import { adfTest } from '../../../base/statistics/adf.ts';
import { autocorrelation, partialAutocorrelation } from '../../../base/statistics/autocorrelation.ts';
import { dominantPeriods } from '../../../base/statistics/periodogram.ts';

export interface SeriesInput {
  /** Milliseconds since 1970, ascending. */
  readonly times: Float64Array;
  readonly columns: readonly { readonly column: string; readonly values: Float64Array }[];
}

const mostLags = 40;
const linePoints = 240;
const fewest = 12;
/** A smaller share of the variance is a ripple, no season. */
const seasonalFrom = 0.1;
const stationaryBelow = 0.05;

export const describeSeries = ({ times, columns }: SeriesInput): SeriesProfile[] =>
  columns.flatMap(({ column, values }) => {
    const found = describeOne(times, values);
    return found ? [{ column, ...found }] : [];
  });

/** Missing values are left out, as if their moments were not there. */
function describeOne(times: Float64Array, all: Float64Array): Omit<SeriesProfile, 'column'> | null {
  const at: number[] = [];
  all.forEach((value, i) => {
    if (Number.isFinite(value)) at.push(i);
  });
  const values = Float64Array.from(at, (i) => all[i] ?? 0);
  if (values.length < fewest || values.every((value) => value === values[0])) return null;
  const acf = autocorrelation(values, Math.min(mostLags, Math.floor(values.length / 2) - 1));
  if (!acf.every(Number.isFinite)) return null;
  const adf = adfTest(values);
  const periods = dominantPeriods(values);
  return {
    points: values.length,
    adf,
    stationary: adf && adf.pValue < stationaryBelow,
    acf: [...acf].map(rounded),
    pacf: [...partialAutocorrelation(acf)].map(rounded),
    confidence: 1.959963984540054 / Math.sqrt(values.length),
    periods,
    seasonal: periods.some(({ power }) => power >= seasonalFrom),
    line: thinned(at, times, values),
  };
}

const rounded = (value: number): number => (Number.isFinite(value) ? Math.round(value * 1e8) / 1e8 : 0);

/** The least and the greatest of each stretch, in order, so that no peak is lost. */
function thinned(at: readonly number[], times: Float64Array, values: Float64Array): SeriesProfile['line'] {
  const stretches = Math.min(values.length, linePoints / 2);
  const kept = new Set<number>([0, values.length - 1]);
  for (let k = 0; k < stretches; k += 1) {
    const from = Math.floor((k * values.length) / stretches);
    const to = Math.floor(((k + 1) * values.length) / stretches);
    let [low, high] = [from, from];
    for (let i = from; i < to; i += 1) {
      if ((values[i] ?? 0) < (values[low] ?? 0)) low = i;
      if ((values[i] ?? 0) > (values[high] ?? 0)) high = i;
    }
    kept.add(low).add(high);
  }
  return [...kept]
    .sort((a, b) => a - b)
    .map((i) => ({ time: times[at[i] ?? 0] ?? 0, value: values[i] ?? 0 }));
}
