/** Row numbers kept in order while rows come and go one by one; no two rows compare as equal. */
export class SortedRows {
  /** The first `length` of them count. */
  rows = new Int32Array(64);
  length = 0;
  readonly #compare: (a: number, b: number) => number;

  constructor(compare: (a: number, b: number) => number) {
    this.#compare = compare;
  }

  insert(row: number): void {
    if (this.length === this.rows.length) {
      const larger = new Int32Array(2 * this.length);
      larger.set(this.rows);
      this.rows = larger;
    }
    const place = this.#placeOf(row);
    this.rows.copyWithin(place + 1, place, this.length);
    this.rows[place] = row;
    this.length += 1;
  }

  /** `row` must be there, and still compare as it did when it came. */
  remove(row: number): void {
    this.rows.copyWithin(this.#placeOf(row), this.#placeOf(row) + 1, this.length);
    this.length -= 1;
  }

  /** Where the row stands, or would stand. */
  #placeOf(row: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(this.rows[middle] ?? 0, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
