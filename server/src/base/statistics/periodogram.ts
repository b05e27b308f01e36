import { assertSample } from './assertions.ts';

export type Period = {
  /** Steps of the series after which it repeats. */
  readonly period: number;
  /** Share of the variance of the detrended series, in (0, 1]. */
  readonly power: number;
};

/** Chance that noise of a smooth spectrum shows a period, over all frequencies together. */
const falseAlarm = 0.01;
/** A peak with less of the variance is not worth a word. */
const leastPower = 0.01;

/**
 * Periods that stand out from the frequencies around them, the strongest first: peaks of the periodogram of the
 * detrended series above the median of their neighbourhood by more than noise reaches in a few of a hundred series.
 * Multiples of a stronger peak's frequency (its overtones) and periods seen fewer than three times are left out.
 *
 * Source: Fisher (1929), Proc. R. Soc. A 125, for the exponential distribution of periodogram values, here about a
 * local median so that a slope of the spectrum is no peak.
 * @param values n finite values in time order, evenly spaced; fewer than 16 have no periods.
 * @throws RangeError when a value is not finite.
 */
export function dominantPeriods(values: Float64Array, most = 5): Period[] {
  assertSample('values', values, 0);
  const n = values.length;
  if (n < 16) return [];
  const power = periodogram(detrended(values));
  const total = power.reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) return [];
  // Exponential noise exceeds r times its median with probability 2^-r.
  const ratio = Math.log2(power.length / falseAlarm);
  const peaks = [...power.keys()]
    .filter((k) => k >= 3 && isPeak(power, k) && (power[k] ?? 0) > ratio * surroundings(power, k))
    .map((k) => ({ k, period: n / k, power: peakPower(power, k) / total }))
    .filter((peak) => peak.power >= leastPower)
    .sort((a, b) => b.power - a.power);
  return withoutOvertones(peaks).slice(0, most);
}

function withoutOvertones(peaks: readonly (Period & { k: number })[]): Period[] {
  const kept: (Period & { k: number })[] = [];
  for (const peak of peaks) {
    const isOvertone = kept.some(({ k }) => {
      const times = Math.round(peak.k / k);
      return times >= 2 && Math.abs(peak.k - times * k) <= Math.max(1, 0.01 * peak.k);
    });
    if (!isOvertone && !kept.some(({ k }) => Math.abs(k - peak.k) <= 2)) kept.push(peak);
  }
  return kept.map(({ period, power }) => ({ period, power }));
}

const isPeak = (power: Float64Array, k: number): boolean =>
  (power[k] ?? 0) >= (power[k - 1] ?? 0) && (power[k] ?? 0) >= (power[k + 1] ?? 0);

/** A period between two frequencies shows in both. */
const peakPower = (power: Float64Array, k: number): number =>
  (power[k] ?? 0) + Math.max(power[k - 1] ?? 0, power[k + 1] ?? 0);

/**
 * Median power from half the frequency on, and up to twice it, the peak's own three left out: the greater of both, as
 * the spectrum of a walk falls and would make every low frequency stand out from the ones above.
 */
function surroundings(power: Float64Array, k: number): number {
  const reach = Math.max(5, Math.floor(k / 2));
  const below = medianOf(power.slice(Math.max(1, k - reach), k - 1));
  return Math.max(below, medianOf(power.slice(k + 2, k + 1 + Math.max(reach, Math.min(k, 200)))));
}

/** Of nothing, nothing. */
const medianOf = (values: Float64Array): number => values.sort()[Math.floor(values.length / 2)] ?? 0;

/** Less the straight line of least squares. */
function detrended(values: Float64Array): Float64Array {
  const n = values.length;
  const middle = (n - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value / n, 0);
  let [products, squares] = [0, 0];
  values.forEach((value, i) => {
    products += (i - middle) * (value - mean);
    squares += (i - middle) ** 2;
  });
  const slope = products / squares;
  return values.map((value, i) => value - mean - slope * (i - middle));
}

/** |X_k|² for k = 0 … n / 2 of any length n. */
export function periodogram(values: Float64Array): Float64Array {
  const { real, imaginary } = fourier(values);
  return Float64Array.from(
    { length: Math.floor(values.length / 2) + 1 },
    (_, k) => (real[k] ?? 0) ** 2 + (imaginary[k] ?? 0) ** 2,
  );
}

interface Complex {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

/** Discrete Fourier transform of any length as a convolution of a power of two (Bluestein 1970). */
function fourier(values: Float64Array): Complex {
  const n = values.length;
  let size = 1;
  while (size < 2 * n - 1) size *= 2;
  // k² mod 2n: the angle itself would lose digits for large k.
  const angle = (k: number) => (Math.PI * ((k * k) % (2 * n))) / n;
  const signal = { real: new Float64Array(size), imaginary: new Float64Array(size) };
  const chirp = { real: new Float64Array(size), imaginary: new Float64Array(size) };
  for (let k = 0; k < n; k += 1) {
    const [cos, sin] = [Math.cos(angle(k)), Math.sin(angle(k))];
    signal.real[k] = (values[k] ?? 0) * cos;
    signal.imaginary[k] = -(values[k] ?? 0) * sin;
    for (const at of k === 0 ? [0] : [k, size - k]) {
      chirp.real[at] = cos;
      chirp.imaginary[at] = sin;
    }
  }
  const product = convolved(signal, chirp);
  const real = new Float64Array(n);
  const imaginary = new Float64Array(n);
  for (let k = 0; k < n; k += 1) {
    const [cos, sin] = [Math.cos(angle(k)), -Math.sin(angle(k))];
    const [a, b] = [product.real[k] ?? 0, product.imaginary[k] ?? 0];
    real[k] = a * cos - b * sin;
    imaginary[k] = a * sin + b * cos;
  }
  return { real, imaginary };
}

function convolved(a: Complex, b: Complex): Complex {
  transform(a, false);
  transform(b, false);
  for (let i = 0; i < a.real.length; i += 1) {
    const [x, y] = [a.real[i] ?? 0, a.imaginary[i] ?? 0];
    const [u, v] = [b.real[i] ?? 0, b.imaginary[i] ?? 0];
    a.real[i] = x * u - y * v;
    a.imaginary[i] = x * v + y * u;
  }
  transform(a, true);
  return a;
}

/** In place, length a power of two (Cooley and Tukey 1965). */
function transform({ real, imaginary }: Complex, inverse: boolean): void {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i += 1) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j] ?? 0, real[i] ?? 0];
      [imaginary[i], imaginary[j]] = [imaginary[j] ?? 0, imaginary[i] ?? 0];
    }
  }
  for (let length = 2; length <= n; length *= 2) butterflies(real, imaginary, length, inverse);
  if (!inverse) return;
  for (let i = 0; i < n; i += 1) {
    real[i] = (real[i] ?? 0) / n;
    imaginary[i] = (imaginary[i] ?? 0) / n;
  }
}

function butterflies(real: Float64Array, imaginary: Float64Array, length: number, inverse: boolean): void {
  const half = length / 2;
  const step = ((inverse ? 2 : -2) * Math.PI) / length;
  for (let k = 0; k < half; k += 1) {
    const [cos, sin] = [Math.cos(step * k), Math.sin(step * k)];
    for (let at = k; at < real.length; at += length) {
      const other = at + half;
      const [a, b] = [real[other] ?? 0, imaginary[other] ?? 0];
      const [x, y] = [a * cos - b * sin, a * sin + b * cos];
      real[other] = (real[at] ?? 0) - x;
      imaginary[other] = (imaginary[at] ?? 0) - y;
      real[at] = (real[at] ?? 0) + x;
      imaginary[at] = (imaginary[at] ?? 0) + y;
    }
  }
}
