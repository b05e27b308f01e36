import type { Random } from './random.ts';

/**
 * Successes in `n` trials of probability `p` each: time does not grow with n.
 * Source: Hörmann (1993), J. Stat. Comput. Simul. 46, algorithm BTRS; inversion where n p < 10.
 * @param n integer >= 0. @param p is clipped to [0, 1].
 */
export function drawBinomial(n: number, p: number, random: Random): number {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - drawBinomial(n, 1 - p, random);
  return n * p < 10 ? drawByInversion(n, p, random) : drawByRejection(n, p, random);
}

/**
 * Counts of `n` draws over k classes. @param probabilities k values that sum to 1.
 * @returns k counts that sum to n (conditional binomials; the last class takes what is left).
 */
export function drawMultinomial(n: number, probabilities: Float64Array, random: Random): Float64Array {
  let left = n;
  let mass = 1;
  return probabilities.map((probability, index) => {
    const isLast = index === probabilities.length - 1;
    const count = isLast ? left : drawBinomial(left, mass > 0 ? probability / mass : 0, random);
    left -= count;
    mass -= probability;
    return count;
  });
}

/** Dirichlet variate: k probabilities that sum to 1, of k weights >= 0 (a weight of 0 stays 0). */
export function drawDirichlet(weights: Float64Array, random: Random): Float64Array {
  const gammas = weights.map((weight) => (weight > 0 ? drawGamma(weight, random) : 0));
  const total = gammas.reduce((whole, part) => whole + part, 0);
  return total > 0 ? gammas.map((gamma) => gamma / total) : weights.map((weight) => weight / weights.length);
}

/** Gamma variate of scale 1. Source: Marsaglia and Tsang (2000), ACM TOMS 26. @param shape > 0. */
export function drawGamma(shape: number, random: Random): number {
  if (shape < 1) return drawGamma(shape + 1, random) * (1 - random.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

function drawByInversion(n: number, p: number, random: Random): number {
  const odds = p / (1 - p);
  let remaining = random.next();
  let mass = Math.exp(n * Math.log1p(-p));
  for (let count = 0; count < n; count += 1) {
    remaining -= mass;
    if (remaining < 0) return count;
    mass *= ((n - count) / (count + 1)) * odds;
    // The masses never quite sum to 1; beyond this the tail is rounding only.
    if (mass < 1e-300) return count;
  }
  return n;
}

function drawByRejection(n: number, p: number, random: Random): number {
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const squeeze = 0.92 - 4.2 / b;
  for (;;) {
    const u = random.next() - 0.5;
    const v = 1 - random.next();
    const edge = 0.5 - Math.abs(u);
    const count = Math.floor(((2 * a) / edge + b) * u + n * p + 0.5);
    if (edge >= 0.07 && v <= squeeze) return count;
    if (!(count >= 0 && count <= n)) continue;
    const height = Math.log((v * (2.83 + 5.1 / b) * spread) / (a / (edge * edge) + b));
    if (height <= logMassOverMode(count, n, p)) return count;
  }
}

/** log of P(count) / P(mode) of a binomial, by Stirling's series with its remainder. */
function logMassOverMode(count: number, n: number, p: number): number {
  const mode = Math.floor((n + 1) * p);
  const odds = p / (1 - p);
  return (
    (mode + 0.5) * Math.log((mode + 1) / (odds * (n - mode + 1))) +
    (n + 1) * Math.log((n - mode + 1) / (n - count + 1)) +
    (count + 0.5) * Math.log((odds * (n - count + 1)) / (count + 1)) +
    stirlingTail(mode) +
    stirlingTail(n - mode) -
    stirlingTail(count) -
    stirlingTail(n - count)
  );
}

// log k! less Stirling's leading terms in k + 1, where the series below is not yet precise.
const STIRLING_TAILS = [
  0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
  0.0138761288230707, 0.0118967099458917, 0.010411265261972, 0.00925546218271273, 0.00833056343336287,
];

function stirlingTail(k: number): number {
  const square = (k + 1) ** 2;
  return STIRLING_TAILS[k] ?? (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1);
}
