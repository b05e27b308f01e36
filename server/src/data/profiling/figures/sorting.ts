/** Whole numbers in a narrow range are counted instead of compared, up to so many slots for each value. */
const slotsPerValue = 2;

/** A copy of finite values, none of them -0, ascending. */
export function ascending(values: Float64Array): Float64Array {
  const [low, slots] = countable(values);
  return slots > 0 ? counted(values, low, slots) : values.slice().sort();
}

/** The least value and how many slots counting takes; none where it would not pay or not be exact. */
function countable(values: Float64Array): [low: number, slots: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const most = slotsPerValue * values.length;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
    if (high - low >= most || Math.trunc(value) !== value) return [0, 0];
  }
  return Math.max(-low, high) <= Number.MAX_SAFE_INTEGER ? [low, high - low + 1] : [0, 0];
}

function counted(values: Float64Array, low: number, slots: number): Float64Array {
  const counts = new Uint32Array(slots);
  for (const value of values) counts[value - low] = (counts[value - low] ?? 0) + 1;
  const sorted = new Float64Array(values.length);
  let start = 0;
  for (let slot = 0; slot < slots; slot += 1) {
    const end = start + (counts[slot] ?? 0);
    if (end - start > 8) sorted.fill(low + slot, start, end);
    else for (let i = start; i < end; i += 1) sorted[i] = low + slot;
    start = end;
  }
  return sorted;
}
