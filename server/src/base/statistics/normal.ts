/**
 * Standard normal distribution function P(Z <= z), small relative error in both tails (scipy.stats.norm.cdf).
 *
 * Source: Abramowitz and Stegun (1964), 7.1.6 near zero and the continued fraction 7.1.14 further out.
 */
export function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const tail = (x < 2 ? 1 - erfSeries(x) : erfcFraction(x)) / 2;
  return z > 0 ? 1 - tail : tail;
}

function erfSeries(x: number): number {
  let term = x;
  let total = x;
  for (let k = 1; Math.abs(term) > 1e-18 * Math.abs(total); k += 1) {
    term *= (2 * x * x) / (2 * k + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

function erfcFraction(x: number): number {
  let fraction = x;
  for (let k = 60; k >= 1; k -= 1) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}
