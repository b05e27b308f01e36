/**
 * So many rows of a table, one of each of as many equal stretches, where in it a hash says: the same each time, and
 * not those of any rhythm in the table. Null when that is all of them.
 */
export function spreadPlaces(rows: number, wanted: number): Uint32Array<SharedArrayBuffer> | null {
  if (rows <= wanted) return null;
  const places = new Uint32Array(new SharedArrayBuffer(4 * wanted));
  let from = 0;
  for (let k = 0; k < wanted; k += 1) {
    const to = Math.floor(((k + 1) * rows) / wanted);
    places[k] = from + (scrambled(k) % (to - from));
    from = to;
  }
  return places;
}

/** The places of places: rows of a sample of a sample. */
export function placesAmong(outer: Uint32Array | null, inner: Uint32Array | null): Uint32Array | null {
  if (!outer || !inner) return inner ?? outer;
  return inner.map((place) => outer[place] ?? 0);
}

/** The finalizer of MurmurHash3 (Appleby, public domain). */
function scrambled(value: number): number {
  let h = value + 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
