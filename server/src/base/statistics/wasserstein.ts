import { assertSample } from './assertions.ts';

/**
 * Exact Wasserstein-1 (earth mover's) distance of two empirical distributions: the area between their
 * distribution functions, in the unit of the values (scipy.stats.wasserstein_distance).
 * @param sortedA n >= 1 finite values, ascending. @param sortedB m >= 1 finite values, ascending, same unit.
 * @throws RangeError when a sample is empty, not finite or not sorted; the message names the index.
 */
export function wassersteinDistance(sortedA: Float64Array, sortedB: Float64Array): number {
  assertSorted('sortedA', sortedA);
  assertSorted('sortedB', sortedB);
  const [n, m] = [sortedA.length, sortedB.length];
  let i = 0;
  let j = 0;
  let distance = 0;
  // Both quantile functions are constant between neighbouring multiples of 1/n and 1/m: integrate step by
  // step.
  while (i < n && j < m) {
    const reached = Math.max(i * m, j * n);
    const stepA = (i + 1) * m;
    const stepB = (j + 1) * n;
    const gap = Math.abs((sortedA[i] ?? 0) - (sortedB[j] ?? 0));
    distance += gap * ((Math.min(stepA, stepB) - reached) / (n * m));
    if (stepA <= stepB) i += 1;
    if (stepB <= stepA) j += 1;
  }
  return distance;
}

function assertSorted(name: string, values: Float64Array): void {
  assertSample(name, values);
  const index = values.findIndex((value, at) => at > 0 && value < (values[at - 1] ?? value));
  if (index >= 0)
    throw new RangeError(`${name}[${index}] is below the value before it; sort ascending first`);
}
