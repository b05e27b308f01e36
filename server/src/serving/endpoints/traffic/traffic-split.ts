/** Which live variant answers: by entity and event time alone, so a repeated request meets the same model. */

/** Murmur3's last mixing: every input bit reaches every output bit. */
function mix(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** FNV-1a over the key's UTF-16 units and the two halves of the time, as a fraction in [0, 1). */
export function hashUnit(key: string, eventTime: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (eventTime | 0), 0x01000193);
  hash = Math.imul(hash ^ Math.floor(eventTime / 2 ** 32), 0x01000193);
  return mix(hash) / 2 ** 32;
}

/** Running sums of the weights, the last one exactly 1. */
export function toBounds(weights: readonly number[]): Float64Array {
  let sum = 0;
  const bounds = Float64Array.from(weights, (weight) => {
    sum += weight;
    return sum;
  });
  if (bounds.length > 0) bounds[bounds.length - 1] = 1;
  return bounds;
}

/**
 * Index of the variant whose share holds this unit. A unit stays with the last variant while that one's weight grows,
 * which is how a canary grows.
 */
export function pickIndex(bounds: Float64Array, key: string, eventTime: number): number {
  if (bounds.length === 1) return 0;
  const point = hashUnit(key, eventTime);
  let index = 0;
  while (point >= (bounds[index] ?? 1)) index++;
  return index;
}
