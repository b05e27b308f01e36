import { ascending } from '../../../../base/statistics/ascending.ts';
import { decomposeSymmetric } from '../../../../base/statistics/symmetric-eigen.ts';

/** The normal distribution that points come from, and what it remembers of how it moved. */
export interface Evolution {
  readonly generation: number;
  readonly mean: Float64Array;
  /** Step size: how wide the distribution is as a whole. */
  readonly sigma: number;
  /** n x n, row by row. */
  readonly covariance: Float64Array;
  /** Square roots of the covariance's eigenvalues, and its eigenvectors as columns. */
  readonly spreads: Float64Array;
  readonly axes: Float64Array;
  readonly pathOfSigma: Float64Array;
  readonly pathOfCovariance: Float64Array;
}

export interface Solution {
  readonly x: Float64Array;
  readonly loss: number;
}

/** Constants of n parameters, by the tutorial's equations. */
export interface Rates {
  readonly populationSize: number;
  /** One per place in a generation; those of the worse half are negative. */
  readonly weights: Float64Array;
  readonly parents: number;
  /** Effective number of parents. */
  readonly muEff: number;
  readonly cSigma: number;
  readonly dSigma: number;
  readonly cc: number;
  readonly c1: number;
  readonly cMu: number;
  /** Expected length of a standard normal vector. */
  readonly chi: number;
}

/** Equations (48) to (56) of Hansen (2016), arXiv 1604.00772. */
export function ratesOf(n: number): Rates {
  const populationSize = 4 + Math.floor(3 * Math.log(n));
  const parents = Math.floor(populationSize / 2);
  const raw = Float64Array.from(
    { length: populationSize },
    (_, i) => Math.log((populationSize + 1) / 2) - Math.log(i + 1),
  );
  const [muEff, muEffMinus] = [raw.subarray(0, parents), raw.subarray(parents)].map(
    (part) => total(part) ** 2 / total(part.map((w) => w * w)),
  ) as [number, number];
  const c1 = 2 / ((n + 1.3) ** 2 + muEff);
  const cMu = Math.min(1 - c1 - 1e-8, (2 * (muEff - 2 + 1 / muEff)) / ((n + 2) ** 2 + muEff));
  const leastAlpha = Math.min(1 + c1 / cMu, 1 + (2 * muEffMinus) / (muEff + 2), (1 - c1 - cMu) / (n * cMu));
  const positive = total(raw.filter((w) => w > 0));
  const negative = -total(raw.filter((w) => w < 0));
  const weights = raw.map((w) => (w >= 0 ? w / positive : (leastAlpha * w) / negative));
  const cSigma = (muEff + 2) / (n + muEff + 5);
  return {
    ...{ populationSize, weights, parents, muEff, cSigma, c1, cMu },
    dSigma: 1 + 2 * Math.max(0, Math.sqrt((muEff - 1) / (n + 1)) - 1) + cSigma,
    cc: (4 + muEff / n) / (n + 4 + (2 * muEff) / n),
    chi: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  };
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
const lengthOf = (values: Float64Array): number => Math.sqrt(total(values.map((value) => value * value)));

export function beginEvolution(mean: Float64Array, sigma: number): Evolution {
  const n = mean.length;
  const identity = Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0));
  return {
    ...{ generation: 0, mean, sigma, covariance: identity, axes: identity },
    ...{
      spreads: new Float64Array(n).fill(1),
      pathOfSigma: new Float64Array(n),
      pathOfCovariance: new Float64Array(n),
    },
  };
}

/** The vector as a standard normal one would have been: covariance^(-1/2) times it. */
function whiten({ axes, spreads }: Evolution, vector: Float64Array): Float64Array {
  const n = vector.length;
  const inner = spreads.map((spread, j) => {
    let sum = 0;
    for (let i = 0; i < n; i += 1) sum += (axes[i * n + j] ?? 0) * (vector[i] ?? 0);
    return sum / spread;
  });
  return turnTo(axes, inner);
}

/** Coordinates along the axes, as coordinates of the parameters. */
function turnTo(axes: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j += 1) sum += (axes[i * n + j] ?? 0) * (vector[j] ?? 0);
    return sum;
  });
}

/** The point that a standard normal vector becomes. */
export function pointOf({ mean, sigma, axes, spreads }: Evolution, normal: Float64Array): Float64Array {
  const stretched = normal.map((value, i) => value * (spreads[i] ?? 0));
  return turnTo(axes, stretched).map((value, i) => (mean[i] ?? 0) + sigma * value);
}

/**
 * The distribution after a generation of exactly `populationSize` solutions. One that rounding has broken stays as it was.
 * Equations (41) to (47) of Hansen (2016), with negative weights.
 */
export function evolve(before: Evolution, rates: Rates, solutions: readonly Solution[]): Evolution {
  const { weights, parents, muEff, cSigma, dSigma, cc, chi } = rates;
  const n = before.mean.length;
  const generation = before.generation + 1;
  const steps = solutions
    .toSorted((a, b) => ascending(a.loss, b.loss))
    .map(({ x }) => x.map((value, i) => (value - (before.mean[i] ?? 0)) / before.sigma));
  const move = before.mean.map((_, i) =>
    steps.slice(0, parents).reduce((sum, step, k) => sum + (weights[k] ?? 0) * (step[i] ?? 0), 0),
  );
  const whitened = whiten(before, move);
  const drive = Math.sqrt(cSigma * (2 - cSigma) * muEff);
  const pathOfSigma = before.pathOfSigma.map((value, i) => (1 - cSigma) * value + drive * (whitened[i] ?? 0));
  const length = lengthOf(pathOfSigma);
  // A path that is long already, as after a poor start, would make the covariance grow along it too fast.
  const isCalm = length / Math.sqrt(1 - (1 - cSigma) ** (2 * (generation + 1))) < (1.4 + 2 / (n + 1)) * chi;
  const pull = isCalm ? Math.sqrt(cc * (2 - cc) * muEff) : 0;
  const pathOfCovariance = before.pathOfCovariance.map(
    (value, i) => (1 - cc) * value + pull * (move[i] ?? 0),
  );
  const covariance = stretch(before, rates, { steps, pathOfCovariance, isCalm });
  const sigma = Math.min(before.sigma * Math.exp((cSigma / dSigma) * (length / chi - 1)), 1e32);
  const mean = before.mean.map((value, i) => value + before.sigma * (move[i] ?? 0));
  if (!covariance.every(Number.isFinite) || !mean.every(Number.isFinite) || !(sigma > 0)) return before;
  return { generation, mean, sigma, covariance, pathOfSigma, pathOfCovariance, ...axesOf(covariance) };
}

interface Moved {
  readonly steps: readonly Float64Array[];
  readonly pathOfCovariance: Float64Array;
  readonly isCalm: boolean;
}

/** The covariance, longer along the path and the good steps, shorter along the bad ones. */
function stretch(before: Evolution, rates: Rates, { steps, pathOfCovariance, isCalm }: Moved): Float64Array {
  const { weights, cc, c1, cMu } = rates;
  const n = before.mean.length;
  const lost = isCalm ? 0 : cc * (2 - cc);
  const kept = 1 + c1 * lost - c1 - cMu * total(weights);
  const shares = steps.map((step, k) => {
    const weight = weights[k] ?? 0;
    return weight >= 0 ? weight : (weight * n) / (lengthOf(whiten(before, step)) ** 2 + 1e-8);
  });
  return before.covariance.map((value, place) => {
    const [i, j] = [Math.floor(place / n), place % n];
    const rankOne = (pathOfCovariance[i] ?? 0) * (pathOfCovariance[j] ?? 0);
    const rankMu = steps.reduce(
      (sum, step, k) => sum + (shares[k] ?? 0) * (step[i] ?? 0) * (step[j] ?? 0),
      0,
    );
    return kept * value + c1 * rankOne + cMu * rankMu;
  });
}

const axesOf = (covariance: Float64Array): Pick<Evolution, 'axes' | 'spreads'> => {
  const { values, vectors } = decomposeSymmetric(covariance);
  return { axes: vectors, spreads: values.map((value) => Math.sqrt(Math.max(value, 1e-16))) };
};
