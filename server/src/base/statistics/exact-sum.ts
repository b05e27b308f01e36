/**
 * The sum of finite doubles, rounded once: the same in any order (Shewchuk 1997, as Python's `math.fsum`). Partial sums
 * that do not overlap are kept, by size; only at the end they become one double. Infinite where the sum overflows.
 */
export function exactSum(values: Iterable<number>): number {
  const partials: number[] = [];
  for (const value of values) add(partials, value);
  return rounded(partials);
}

function add(partials: number[], value: number): void {
  let x = value;
  let kept = 0;
  for (const partial of partials) {
    const [large, small] = Math.abs(x) < Math.abs(partial) ? [partial, x] : [x, partial];
    const sum = large + small;
    const rest = small - (sum - large);
    if (rest !== 0) partials[kept++] = rest;
    x = sum;
  }
  partials.length = kept;
  partials.push(x);
}

/** From the largest down, until a rest is left; a rest of exactly half a digit is rounded by what is below it. */
function rounded(partials: readonly number[]): number {
  let n = partials.length - 1;
  let sum = partials[n] ?? 0;
  let rest = 0;
  while (n > 0 && rest === 0) {
    const next = partials[--n] as number;
    const before = sum;
    sum = before + next;
    rest = next - (sum - before);
  }
  const below = partials[n - 1] ?? 0;
  if (rest * below <= 0) return sum;
  const twice = rest * 2;
  const up = sum + twice;
  return up - sum === twice ? up : sum;
}
