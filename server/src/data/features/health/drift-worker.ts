/** Statistics of a feature's newest rows against earlier ones, in a worker thread. */
import { chiSquareTail, chiSquareTest } from '../../../base/statistics/chi-square.ts';
import { ksStatistic, ksThreshold } from '../../../base/statistics/ks.ts';

export interface NumbersInput {
  readonly reference: Float64Array;
  readonly window: Float64Array;
  readonly alpha: number;
}

/** What was found and the least that counts; JSON knows no infinity. */
export interface Drifted {
  readonly value: number;
  readonly threshold: number;
}

export const numbersDrift = ({ reference, window, alpha }: NumbersInput): Drifted => ({
  value: ksStatistic(reference, window),
  threshold: Math.min(Number.MAX_SAFE_INTEGER, ksThreshold(reference.length, window.length, alpha)),
});

export interface CountsInput {
  readonly reference: Float64Array;
  readonly window: Float64Array;
  readonly alpha: number;
}

/** Fewer expected in a cell, and the distribution is not that of the test. */
const fewestExpected = 5;

/** Rare categories count as one, so that the test holds. */
export function countsDrift({ reference, window, alpha }: CountsInput): Drifted {
  const total = sum(reference) + sum(window);
  const share = sum(window) / total;
  const [a, b]: [number[], number[]] = [[], []];
  let [restA, restB] = [0, 0];
  for (const [i, count] of reference.entries()) {
    const all = count + (window[i] ?? 0);
    if (all * Math.min(share, 1 - share) < fewestExpected) {
      restA += count;
      restB += window[i] ?? 0;
    } else {
      a.push(count);
      b.push(window[i] ?? 0);
    }
  }
  if (restA + restB > 0) {
    a.push(restA);
    b.push(restB);
  }
  const { statistic } = chiSquareTest(Float64Array.from(a), Float64Array.from(b));
  return {
    value: statistic,
    threshold: a.length < 2 ? Number.MAX_SAFE_INTEGER : criticalValue(a.length - 1, alpha),
  };
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

/** The statistic that a true null exceeds with probability alpha, by bisection of its tail. */
function criticalValue(degreesOfFreedom: number, alpha: number): number {
  let [low, high] = [0, 2 * degreesOfFreedom + 10];
  while (chiSquareTail(high, degreesOfFreedom) > alpha) high *= 2;
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (chiSquareTail(middle, degreesOfFreedom) > alpha) low = middle;
    else high = middle;
  }
  return high;
}
