const bitsAtOnce = 16;
const buckets = 1 << bitsAtOnce;

/**
 * Places of the values in ascending order; equal values keep their order. NaN is not allowed for (callers refuse it);
 * -0 and 0 are equal.
 *
 * A radix sort on the bits of the doubles, 16 at a time: linear in n, where a sort with a comparator is ten times slower.
 * @param values n values, no NaN. @returns n places into `values`.
 */
export function ascendingOrder(values: Float64Array): Uint32Array {
  const keys = sortableWords(values);
  let order = Uint32Array.from({ length: values.length }, (_, i) => i);
  let spare = new Uint32Array(values.length);
  for (const [word, shift] of passes) {
    const isMoved = scatter({ keys, word, shift, order, to: spare });
    if (isMoved) [order, spare] = [spare, order];
  }
  return order;
}

const passes = [
  [0, 0],
  [0, bitsAtOnce],
  [1, 0],
  [1, bitsAtOnce],
] as const;

/** Two words of 32 bits a value, the low one first, that compare as unsigned integers as the doubles do. */
function sortableWords(values: Float64Array): Uint32Array {
  const words = new Uint32Array(2 * values.length);
  const doubles = new Float64Array(words.buffer);
  for (let i = 0; i < values.length; i += 1) {
    // + 0 makes of -0 a 0.
    doubles[i] = (values[i] ?? 0) + 0;
    const high = words[2 * i + 1] ?? 0;
    const isNegative = high >>> 31 === 1;
    words[2 * i] = isNegative ? ~(words[2 * i] ?? 0) : (words[2 * i] ?? 0);
    words[2 * i + 1] = isNegative ? ~high : high ^ 0x80000000;
  }
  return words;
}

interface Pass {
  readonly keys: Uint32Array;
  readonly word: number;
  readonly shift: number;
  readonly order: Uint32Array;
  readonly to: Uint32Array;
}

/** False where all values share the digit, and nothing was to be moved. */
function scatter({ keys, word, shift, order, to }: Pass): boolean {
  const ends = new Uint32Array(buckets + 1);
  const digit = (place: number) => ((keys[2 * place + word] ?? 0) >>> shift) & (buckets - 1);
  for (let i = 0; i < order.length; i += 1) {
    const bucket = digit(i) + 1;
    ends[bucket] = (ends[bucket] ?? 0) + 1;
  }
  if (ends.includes(order.length, 1)) return false;
  for (let bucket = 1; bucket <= buckets; bucket += 1)
    ends[bucket] = (ends[bucket] ?? 0) + (ends[bucket - 1] ?? 0);
  for (let i = 0; i < order.length; i += 1) {
    const place = order[i] ?? 0;
    const bucket = digit(place);
    const end = ends[bucket] ?? 0;
    to[end] = place;
    ends[bucket] = end + 1;
  }
  return true;
}

/** The values at the places, in their order. */
export function pick(values: Float64Array, places: Uint32Array): Float64Array {
  const picked = new Float64Array(places.length);
  for (let i = 0; i < places.length; i += 1) picked[i] = values[places[i] ?? 0] ?? Number.NaN;
  return picked;
}
