/** Few enough to compare. */
const comparedUpTo = 256;
const digitBits = 12;
/** The highest bits in which the values differ; of a million values hardly two share them without being equal. */
const firstBits = 3 * digitBits;
/** Moves per value in putting the rest right, beyond which all bits are sorted by. */
const movesPerValue = 8;

/**
 * Doubles that are finite, none negative, none -0, ascending: the bits of such doubles are ordered as they are. Several
 * times faster than comparing. Both arrays are overwritten, and one of them comes back.
 */
export function sortMagnitudes(values: Float64Array, spare: Float64Array): Float64Array {
  if (values.length <= comparedUpTo) return values.sort();
  const sorted = sortByBits(values, spare, firstBits);
  if (putRight(sorted)) return sorted;
  return sortByBits(sorted, sorted === values ? spare : values, 64);
}

/** By so many of the highest bits that differ, from the lowest of them, a digit at a time. */
function sortByBits(values: Float64Array, spare: Float64Array, most: number): Float64Array {
  const { lowest, highest } = differingBits(values);
  const counts = new Uint32Array(1 << digitBits);
  let [from, to] = [values, spare];
  for (let bit = Math.max(lowest, highest - most + 1); bit <= highest; bit += digitBits) {
    const mask = (1 << Math.min(digitBits, highest - bit + 1)) - 1;
    sortByDigit(from, to, counts, bit, mask);
    [from, to] = [to, from];
  }
  return from;
}

const wordsOf = (values: Float64Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);

/** None differ: `highest` is -1. */
function differingBits(values: Float64Array): { lowest: number; highest: number } {
  const words = wordsOf(values);
  const [firstLow, firstHigh] = [words[0] ?? 0, words[1] ?? 0];
  let [low, high] = [0, 0];
  for (let i = 0; i < words.length; i += 2) {
    low |= (words[i] ?? 0) ^ firstLow;
    high |= (words[i + 1] ?? 0) ^ firstHigh;
  }
  const topBit = (word: number) => 31 - Math.clz32(word);
  return {
    lowest: low === 0 ? 32 + topBit(high & -high) : topBit(low & -low),
    highest: high === 0 ? topBit(low) : 32 + topBit(high),
  };
}

/** One stable pass; a digit may lie across both words of a double. */
function sortByDigit(
  from: Float64Array,
  to: Float64Array,
  counts: Uint32Array,
  bit: number,
  mask: number,
): void {
  const words = wordsOf(from);
  const isHigh = bit >= 32;
  const first = isHigh ? 1 : 0;
  const down = bit & 31;
  // Shifts count modulo 32: where no bits come from the upper word, none may be taken.
  const up = 32 - down;
  const upper = isHigh || down === 0 ? 0 : mask & ~((1 << Math.min(up, 31)) - 1);
  counts.fill(0);
  for (let i = first; i < words.length; i += 2) {
    const digit = (((words[i] ?? 0) >>> down) & mask) | (((words[i + 1] ?? 0) << up) & upper);
    counts[digit] = (counts[digit] ?? 0) + 1;
  }
  let place = 0;
  for (let digit = 0; digit <= mask; digit += 1) {
    const count = counts[digit] ?? 0;
    counts[digit] = place;
    place += count;
  }
  for (let i = 0; i < from.length; i += 1) {
    const word = 2 * i + first;
    const digit = (((words[word] ?? 0) >>> down) & mask) | (((words[word + 1] ?? 0) << up) & upper);
    const at = counts[digit] ?? 0;
    to[at] = from[i] ?? 0;
    counts[digit] = at + 1;
  }
}

/** Insertion, given up where too much is out of place. */
function putRight(values: Float64Array): boolean {
  let left = movesPerValue * values.length;
  for (let i = 1; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    let at = i;
    while (at > 0 && (values[at - 1] ?? 0) > value) {
      values[at] = values[at - 1] ?? 0;
      at -= 1;
    }
    values[at] = value;
    left -= i - at;
    if (left < 0) return false;
  }
  return true;
}
