import type { Random } from '../random.ts';

/**
 * Draws of a Poisson variate in constant time (Walker 1977, alias method over 0 .. mean + 12 deviations, what lies
 * beyond has probability under 1e-15). @param mean above 0, at most 1e6.
 */
export function poissonDraws(mean: number, random: Random): () => number {
  const most = Math.ceil(mean + 12 * Math.sqrt(mean) + 20);
  const { share, alias } = aliasTable(poissonMasses(mean, most));
  const size = share.length;
  return () => {
    const place = random.uint32() * (size / 2 ** 32);
    const slot = Math.floor(place);
    return place - slot < (share[slot] as number) ? slot : (alias[slot] as number);
  };
}

function poissonMasses(mean: number, most: number): Float64Array {
  const masses = new Float64Array(most + 1);
  // From the mode outwards: the first mass of a large mean is 0 in doubles.
  const mode = Math.floor(mean);
  masses[mode] = 1;
  for (let k = mode + 1; k <= most; k += 1) masses[k] = ((masses[k - 1] as number) * mean) / k;
  for (let k = mode; k > 0; k -= 1) masses[k - 1] = ((masses[k] as number) * k) / mean;
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return masses.map((mass) => mass / total);
}

function aliasTable(masses: Float64Array): { share: Float64Array; alias: Uint32Array } {
  const share = masses.map((mass) => mass * masses.length);
  const alias = new Uint32Array(masses.length);
  const small: number[] = [];
  const large: number[] = [];
  share.forEach((value, k) => {
    (value < 1 ? small : large).push(k);
  });
  for (
    let low = small.pop(), high = large.pop();
    low !== undefined && high !== undefined;
    low = small.pop()
  ) {
    alias[low] = high;
    share[high] = (share[high] as number) - (1 - (share[low] as number));
    if ((share[high] as number) < 1) {
      small.push(high);
      high = large.pop();
    }
  }
  return { share, alias };
}
