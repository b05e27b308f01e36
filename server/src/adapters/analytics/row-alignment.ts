/**
 * Finds rows of a new table in an old one, by hashes of whole rows. What it finds is a proposal: whoever stores by it
 * compares the rows themselves.
 */

/** Runs as pairs: the position among the old rows, or -1 for rows that are new, and how many. */
export type AlignedRuns = readonly number[];

export interface RowAlignment {
  /** The next rows of the new table, in order. The runs cover all of them. */
  next(hashes: Float64Array): AlignedRuns;
}

/** How far behind the expected row is looked, one by one. */
const reach = 128;
/** One row in so many is found wherever it has gone. */
const anchorShare = 32;
const isNew = -1;
const isTwice = -1;

/**
 * Follows the old rows with a finger: a row that was changed in place, inserted or deleted moves it a little; where
 * it is lost (a block was moved or removed), the next row whose hash makes it an anchor shows the way, and the rows
 * before that one are caught up backwards. Linear in the rows, whatever was done to them.
 */
export function alignRows(old: Float64Array): RowAlignment {
  const anchors = anchorsOf(old);
  let expected = 0;
  /** New rows since the last one that was found. */
  let missed = 0;

  function find(hash: number): number {
    if (old[expected + missed] === hash) return expected + missed;
    const end = Math.min(expected + reach, old.length);
    for (let at = expected; at < end; at += 1) if (old[at] === hash) return at;
    return hash % anchorShare === 0 ? (anchors.get(hash) ?? isTwice) : isTwice;
  }

  function take(runs: RunList, hashes: Float64Array, row: number): void {
    const hash = hashes[row] ?? Number.NaN;
    const at = find(hash);
    if (at < 0) {
      runs.add(isNew, 1);
      missed += 1;
      return;
    }
    let back = 0;
    while (back < runs.newAtEnd && at > back && old[at - back - 1] === hashes[row - back - 1]) back += 1;
    runs.takeBack(back);
    runs.add(at - back, back + 1);
    expected = at + 1;
    missed = 0;
  }

  return {
    next(hashes) {
      const runs = new RunList();
      for (let row = 0; row < hashes.length; row += 1) take(runs, hashes, row);
      return runs.pairs;
    },
  };
}

class RunList {
  readonly pairs: number[] = [];

  /** How many rows at the end are new. */
  get newAtEnd(): number {
    const { pairs } = this;
    return pairs[pairs.length - 2] === isNew ? (pairs[pairs.length - 1] ?? 0) : 0;
  }

  add(at: number, count: number): void {
    const { pairs } = this;
    const lastAt = pairs[pairs.length - 2];
    const lastCount = pairs[pairs.length - 1] ?? 0;
    const goesOn = at === isNew ? lastAt === isNew : lastAt !== isNew && (lastAt ?? 0) + lastCount === at;
    if (pairs.length > 0 && goesOn) pairs[pairs.length - 1] = lastCount + count;
    else pairs.push(at, count);
  }

  /** Removes so many of the new rows at the end. */
  takeBack(count: number): void {
    if (count === 0) return;
    const left = this.newAtEnd - count;
    if (left > 0) this.pairs[this.pairs.length - 1] = left;
    else this.pairs.length -= 2;
  }
}

/** Rows that occur once: one that occurs often says nothing about where it stood. */
function anchorsOf(old: Float64Array): Map<number, number> {
  const anchors = new Map<number, number>();
  for (let at = 0; at < old.length; at += 1) {
    const hash = old[at] ?? 0;
    if (hash % anchorShare === 0) anchors.set(hash, anchors.has(hash) ? isTwice : at);
  }
  return anchors;
}
