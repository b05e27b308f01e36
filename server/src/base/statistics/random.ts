/** A seeded stream of random numbers; the only source of chance in this folder. */
export type Random = {
  /** Uniform in [0, 1), 53 random bits. */
  next(): number;
  /** Uniform integer in 0 .. n-1. `n` is 1 to 2^32; otherwise a RangeError. */
  integer(n: number): number;
  /** Standard normal (mean 0, variance 1), Marsaglia's polar method. */
  normal(): number;
  /** Uniform integer of 32 bits, 0 to 2^32 - 1: the generator's own output. */
  uint32(): number;
};

const TWO_32 = 2 ** 32;

/**
 * Creates a generator whose stream depends on `seed` alone: integer arithmetic only (`normal` adds V8's own
 * software logarithm), hence equal on every machine. Not for secrets.
 *
 * Source: sfc32 of PractRand (C. Doty-Humphrey), three words of state and a counter, period at least 2^32.
 * @param seed any safe integer, negative ones included; otherwise a RangeError.
 */
export function createRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed is ${seed}; it must be a safe integer`);
  const uint32 = createSfc32(seed);
  // 27 high and 26 high bits: all of the 53 a double can hold.
  const next = (): number => ((uint32() >>> 5) * 2 ** 26 + (uint32() >>> 6)) / 2 ** 53;
  return { uint32, next, integer: (n) => drawInteger(uint32, n), normal: createNormal(next) };
}

/** Returns a shuffled copy (Fisher-Yates); `values` stays as it is. */
export function shuffle(values: Float64Array, random: Random): Float64Array {
  const shuffled = values.slice();
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = random.integer(last + 1);
    const held = shuffled[last] ?? 0;
    shuffled[last] = shuffled[other] ?? 0;
    shuffled[other] = held;
  }
  return shuffled;
}

function createSfc32(seed: number): () => number {
  let a = seed | 0;
  let b = Math.floor(seed / TWO_32) | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  const step = (): number => {
    const output = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + output) | 0;
    return output >>> 0;
  };
  // Neighbouring seeds start alike; PractRand throws the first 15 outputs away for that reason.
  for (let discarded = 0; discarded < 15; discarded += 1) step();
  return step;
}

function drawInteger(uint32: () => number, n: number): number {
  if (!(Number.isInteger(n) && n >= 1 && n <= TWO_32)) {
    throw new RangeError(`n is ${n}; it must be an integer from 1 to 2^32`);
  }
  // The remainder of 2^32 by n would favour small results: reject it.
  const limit = TWO_32 - (TWO_32 % n);
  for (;;) {
    const draw = uint32();
    if (draw < limit) return draw % n;
  }
}

function createNormal(next: () => number): () => number {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    for (;;) {
      const x = 2 * next() - 1;
      const y = 2 * next() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      spare = y * factor;
      return x * factor;
    }
  };
}
