import { logNormalCdf } from '../normal.ts';

export interface SliceColumn {
  readonly name: string;
  /** n slice numbers, -1 for none. */
  readonly codes: Float64Array;
  readonly count: number;
}

export interface FoundSlice {
  /** Column numbers and the slice number in each: one, or two that hold together. */
  readonly parts: readonly { readonly column: number; readonly code: number }[];
  readonly rows: number;
  readonly loss: number;
  readonly lossElsewhere: number;
  /** Of "the rows here lose no more than the others", one-sided, times the number of slices tried (Bonferroni). */
  readonly pValue: number;
}

export interface SearchOptions {
  readonly columns: readonly SliceColumn[];
  /** n losses, larger is worse. */
  readonly losses: Float64Array;
  readonly weights: Float64Array;
  readonly leastRows: number;
  readonly alpha: number;
  readonly most: number;
}

/** Pairs of columns that cut into more than this are left out. */
const mostCells = 20_000;

/**
 * The slices of one column's value, or of two columns' values together, whose mean loss is the highest: of at least
 * `leastRows` rows, and worse than the rest of the table beyond chance, all slices tried being counted (Welch's test of
 * weighted means, normal for slices of this size; Bonferroni). A pair stands only where it is worse than both of its
 * halves.
 * @returns the worst first, and how many slices were tried.
 */
export function worstSlices(options: SearchOptions): {
  readonly tried: number;
  readonly found: readonly FoundSlice[];
} {
  const { columns, losses, weights, leastRows, alpha, most } = options;
  const whole = tally(new Float64Array(losses.length), 1, losses, weights);
  const singles = columns.map(({ codes, count }) => tally(codes, count, losses, weights));
  const candidates: Candidate[] = [];
  columns.forEach(({ count }, column) => {
    for (let code = 0; code < count; code += 1)
      candidates.push({
        parts: [{ column, code }],
        sums: singles[column] as Tally,
        cell: code,
        above: -Infinity,
      });
  });
  columns.forEach((a, first) => {
    columns.slice(first + 1).forEach((b, distance) => {
      if (a.count * b.count > mostCells) return;
      const second = first + 1 + distance;
      const codes = a.codes.map((code, i) => {
        const other = b.codes[i] as number;
        return code < 0 || other < 0 ? -1 : code * b.count + other;
      });
      const sums = tally(codes, a.count * b.count, losses, weights);
      for (let cell = 0; cell < a.count * b.count; cell += 1) {
        const [own, other] = [Math.floor(cell / b.count), cell % b.count];
        const halves = [meanOf(singles[first] as Tally, own), meanOf(singles[second] as Tally, other)];
        const parts = [
          { column: first, code: own },
          { column: second, code: other },
        ];
        candidates.push({ parts, sums, cell, above: Math.max(...halves) });
      }
    });
  });
  const large = candidates.filter(({ sums, cell }) => (sums.rows[cell] as number) >= leastRows);
  const found = large
    .map((candidate) => judge(candidate, whole, large.length))
    .filter((slice, i) => slice.pValue <= alpha && slice.loss > (large[i]?.above ?? 0))
    .sort((a, b) => b.loss - a.loss);
  return { tried: large.length, found: found.slice(0, most) };
}

interface Candidate {
  readonly parts: FoundSlice['parts'];
  readonly sums: Tally;
  readonly cell: number;
  /** The mean loss it must surpass. */
  readonly above: number;
}

interface Tally {
  readonly rows: Float64Array;
  readonly weight: Float64Array;
  readonly loss: Float64Array;
  /** Sums of squared weight, squared weight times loss, and times squared loss. */
  readonly squares: readonly [Float64Array, Float64Array, Float64Array];
}

function tally(codes: Float64Array, count: number, losses: Float64Array, weights: Float64Array): Tally {
  const array = () => new Float64Array(count);
  const [rows, weight, loss, w2, w2l, w2l2] = [array(), array(), array(), array(), array(), array()];
  for (let i = 0; i < codes.length; i += 1) {
    const [code, own, value] = [codes[i] as number, weights[i] as number, losses[i] as number];
    if (code < 0 || own === 0) continue;
    rows[code] = (rows[code] as number) + 1;
    weight[code] = (weight[code] as number) + own;
    loss[code] = (loss[code] as number) + own * value;
    w2[code] = (w2[code] as number) + own * own;
    w2l[code] = (w2l[code] as number) + own * own * value;
    w2l2[code] = (w2l2[code] as number) + own * own * value * value;
  }
  return { rows, weight, loss, squares: [w2, w2l, w2l2] };
}

const meanOf = ({ loss, weight }: Tally, cell: number): number =>
  (loss[cell] as number) / (weight[cell] as number);

function judge({ parts, sums, cell }: Candidate, whole: Tally, tried: number): FoundSlice {
  const at = (values: Float64Array, all: Float64Array) => (all[0] as number) - (values[cell] as number);
  const squares = sums.squares.map((values, i) =>
    Float64Array.of(at(values, whole.squares[i] as Float64Array)),
  ) as unknown as Tally['squares'];
  const rest: Tally = {
    rows: Float64Array.of(at(sums.rows, whole.rows)),
    weight: Float64Array.of(at(sums.weight, whole.weight)),
    loss: Float64Array.of(at(sums.loss, whole.loss)),
    squares,
  };
  const [loss, lossElsewhere] = [meanOf(sums, cell), meanOf(rest, 0)];
  const z = (loss - lossElsewhere) / Math.sqrt(varianceOf(sums, cell) + varianceOf(rest, 0));
  const chance = Number.isFinite(z) ? Math.exp(logNormalCdf(-z)) : z > 0 ? 0 : 1;
  const rows = sums.rows[cell] as number;
  return { parts, rows, loss, lossElsewhere, pValue: Math.min(1, chance * tried) };
}

/** Of the weighted mean. */
function varianceOf(sums: Tally, cell: number): number {
  const [w2, w2l, w2l2] = sums.squares.map((values) => values[cell] as number) as [number, number, number];
  const center = meanOf(sums, cell);
  const weight = sums.weight[cell] as number;
  return Math.max(0, w2l2 - 2 * center * w2l + center * center * w2) / (weight * weight);
}
