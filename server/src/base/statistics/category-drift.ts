import { chiSquareTail, chiSquareTest } from './chi-square.ts';

/** Fewer expected in a cell, and the distribution is not that of the test. */
const fewestExpected = 5;
/** No statistic reaches it; JSON knows no infinity. */
const unreachable = Number.MAX_SAFE_INTEGER;

export type CategoryDrift = { readonly value: number; readonly threshold: number };

/**
 * Chi-square statistic of a window's counts against its reference's, and the least that counts at a rate of `alpha`. Rare
 * categories count as one, so that the test holds; with one category left nothing can differ.
 * @param reference k counts, each >= 0. @param window k counts of the same categories.
 */
export function categoryDrift(reference: Float64Array, window: Float64Array, alpha: number): CategoryDrift {
  const total = sum(reference) + sum(window);
  const share = Math.min(sum(window), sum(reference)) / total;
  const [a, b]: [number[], number[]] = [[], []];
  let [restA, restB] = [0, 0];
  for (const [i, count] of reference.entries()) {
    const other = window[i] ?? 0;
    if ((count + other) * share < fewestExpected) {
      restA += count;
      restB += other;
    } else {
      a.push(count);
      b.push(other);
    }
  }
  if (restA + restB > 0) {
    a.push(restA);
    b.push(restB);
  }
  const { statistic } = chiSquareTest(Float64Array.from(a), Float64Array.from(b));
  return { value: statistic, threshold: a.length < 2 ? unreachable : criticalValue(a.length - 1, alpha) };
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
