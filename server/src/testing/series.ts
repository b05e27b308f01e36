/** Series for the tests that the other side of a comparison can make too: a linear congruential generator. */
export function noise(length: number): Float64Array {
  let state = 1n;
  return Float64Array.from({ length }, () => {
    state = (state * 1103515245n + 12345n) % 2147483648n;
    return Number(state) / 2147483648 - 0.5;
  });
}

/** Its running sum: a random walk. */
export function walk(length: number): Float64Array {
  let level = 0;
  return noise(length).map((step) => (level += step));
}

/** A year of months, three units high, in that noise. */
export const season = (length: number): Float64Array =>
  noise(length).map((value, i) => 3 * Math.sin((2 * Math.PI * i) / 12) + value);
