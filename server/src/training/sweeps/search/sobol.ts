import { createRandom } from '../../../base/statistics/random.ts';
import type { Sampler, SamplerInput } from './sampler.ts';
import { directionNumbers } from './sobol-directions.ts';
import { buildPoint, fromUnit } from './space.ts';

const bits = 32;

/**
 * The Sobol sequence, scrambled by the seed: trials fill the space evenly, whichever of its sides one looks at. Trial n is
 * the sequence's point n, so trials that end in another order, or not at all, leave the others as they are. Each parameter
 * has its own dimension, whether its conditions hold or not.
 *
 * Sources: Sobol (1967); direction numbers of Joe and Kuo (2008) in the order of Gray code (Antonov and Saleev, 1979), as
 * scipy.stats.qmc.Sobol; Owen's scrambling by hashing, Burley (2020), J. Computer Graphics Techniques 9(4).
 */
export function createSobolSampler({ space, seed }: Pick<SamplerInput, 'space' | 'seed'>): Sampler {
  const random = createRandom(seed);
  const dimensions = directions
    .slice(0, space.parameters.length)
    .map((columns) => ({ columns, hash: random.uint32() }));
  return {
    ask(number) {
      const parameters = buildPoint(space, (parameter, index) => {
        const { columns, hash } = dimensions[index] ?? { columns: [], hash: 0 };
        return fromUnit(parameter, scramble(sobolNumber(columns, number), hash) / 2 ** bits);
      });
      return { parameters, generation: 0 };
    },
    tell() {},
  };
}

/** Point `index` of one dimension, times 2^32, unscrambled. */
export function sobolNumber(columns: ArrayLike<number>, index: number): number {
  let gray = (index ^ (index >>> 1)) >>> 0;
  let number = 0;
  for (let bit = 0; gray > 0; bit += 1, gray >>>= 1) if (gray & 1) number ^= columns[bit] ?? 0;
  return number >>> 0;
}

/** Column j of dimension d: the direction number v_j as 32 bits, the first bit the highest. */
export const directions: readonly Uint32Array[] = [
  Uint32Array.from({ length: bits }, (_, bit) => 2 ** (bits - 1 - bit)),
  ...directionNumbers.trim().split('\n').map(parseDirection),
];

function parseDirection(line: string): Uint32Array {
  const [polynomial = 0, ...start] = line.split(' ').map(Number);
  const degree = start.length;
  const columns = new Uint32Array(bits);
  for (let j = 0; j < bits; j += 1) {
    if (j < degree) {
      columns[j] = (start[j] ?? 0) * 2 ** (bits - 1 - j);
      continue;
    }
    const first = columns[j - degree] ?? 0;
    let column = first ^ (first >>> degree);
    for (let k = 1; k < degree; k += 1) if ((polynomial >> (degree - k)) & 1) column ^= columns[j - k] ?? 0;
    columns[j] = column >>> 0;
  }
  return columns;
}

/** Owen's scrambling of one coordinate: each bit is flipped by a hash of the bits above it. */
function scramble(number: number, hash: number): number {
  let x = reverseBits(number);
  x = (x + hash) | 0;
  x ^= Math.imul(x, 0x6c50b47c);
  x ^= Math.imul(x, 0xb82f1e52);
  x ^= Math.imul(x, 0xc7afe638);
  x ^= Math.imul(x, 0x8d22f6e6);
  return reverseBits(x >>> 0);
}

function reverseBits(number: number): number {
  let x = number;
  x = ((x >>> 1) & 0x55555555) | ((x & 0x55555555) << 1);
  x = ((x >>> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >>> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  x = ((x >>> 8) & 0x00ff00ff) | ((x & 0x00ff00ff) << 8);
  return ((x >>> 16) | (x << 16)) >>> 0;
}
