import { erf, erfc, erfcx } from './error-function.ts';

const logRootTwoPi = 0.9189385332046727;

/** Standard normal distribution function P(Z <= z), small relative error in both tails (scipy.stats.norm.cdf). */
export const normalCdf = (z: number): number => erfc(-z * Math.SQRT1_2) / 2;

/** Logarithm of P(Z <= z) (scipy.special.log_ndtr): finite wherever z * z is. */
export function logNormalCdf(z: number): number {
  if (z >= -1) return Math.log1p(-erfc(z * Math.SQRT1_2) / 2);
  return Math.log(erfcx(-z * Math.SQRT1_2) / 2) - (z * z) / 2;
}

/** Logarithm of the standard normal density at z. */
export const logNormalDensity = (z: number): number => -(z * z) / 2 - logRootTwoPi;

/**
 * Logarithm of P(a <= Z <= b), a <= b. Both ends are looked at from the tail they lie in, where a difference of two
 * distribution functions keeps its digits.
 */
export function logNormalMass(a: number, b: number): number {
  if (a > 0) return logNormalMass(-b, -a);
  if (b > 0) {
    const [left, right] = [-a * Math.SQRT1_2, b * Math.SQRT1_2];
    const outside = (erfc(left) + erfc(right)) / 2;
    return outside < 0.5 ? Math.log1p(-outside) : Math.log((erf(left) + erf(right)) / 2);
  }
  const upper = logNormalCdf(b);
  return upper + Math.log1p(-Math.exp(logNormalCdf(a) - upper));
}

/**
 * z with P(Z <= z) = exp(logProbability) (scipy.special.ndtri_exp), by Newton's method.
 * Start: the logistic approximation, in the tails the leading term of Mills' ratio.
 */
export function normalQuantileOfLog(logProbability: number): number {
  if (logProbability === 0) return Number.POSITIVE_INFINITY;
  if (logProbability === Number.NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  // Close to 1 the logarithm has no digits left; the mirrored tail has them.
  if (logProbability > -1e-2) return -normalQuantileOfLog(Math.log(-Math.expm1(logProbability)));
  let z =
    logProbability < -5
      ? -Math.sqrt(-2 * (logProbability + logRootTwoPi))
      : -(Math.sqrt(3) / Math.PI) * Math.log(Math.expm1(-logProbability));
  for (let round = 0; round < 100; round += 1) {
    const logCdf = logNormalCdf(z);
    const step = (logCdf - logProbability) * Math.exp(logCdf - logNormalDensity(z));
    z -= step;
    if (Math.abs(step) <= 1e-12 * Math.abs(z)) break;
  }
  return z;
}

/** Quantile of a standard normal kept between a and b (scipy.stats.truncnorm.ppf), 0 <= q <= 1. */
export function truncatedNormalQuantile(q: number, a: number, b: number): number {
  // From the right tail the mirrored question keeps its digits.
  if (a > 0) return -truncatedNormalQuantile(1 - q, -b, -a);
  const below = logNormalCdf(a);
  const inside = Math.log(q) + logNormalMass(a, b);
  const larger = Math.max(below, inside);
  if (larger === Number.NEGATIVE_INFINITY) return a;
  const z = normalQuantileOfLog(Math.min(0, larger + Math.log1p(Math.exp(Math.min(below, inside) - larger))));
  return Math.min(Math.max(z, a), b);
}
