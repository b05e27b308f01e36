/** Runs in a worker thread: which columns have no value in the same rows. */
export interface MissingInput {
  readonly rows: number;
  /** Of each column a bit a row, 1 where the value is missing; at most 60 columns. */
  readonly bits: readonly Uint8Array[];
}

export interface MissingFigures {
  /** A letter for each column, `1` where it is missing; the commonest first. */
  readonly patterns: readonly { readonly bits: string; readonly rows: number }[];
  readonly total: number;
}

const mostPatterns = 2_000;
/** Bits of a whole number that stay exact while it is shifted. */
const half = 30;

export function describeMissing({ rows, bits }: MissingInput): MissingFigures {
  const counts = countPatterns(rows, bits.slice(0, half), bits.slice(half));
  const all = [...counts].flatMap(([low, rest]) =>
    [...rest].map(([high, count]) => ({ bits: lettersOf(low, high, bits.length), rows: count })),
  );
  all.sort((a, b) => b.rows - a.rows || (a.bits < b.bits ? -1 : 1));
  return { patterns: all.slice(0, mostPatterns), total: all.length };
}

type Counts = Map<number, Map<number, number>>;

function countPatterns(rows: number, low: readonly Uint8Array[], high: readonly Uint8Array[]): Counts {
  const counts: Counts = new Map();
  let whole = 0;
  for (let byte = 0; 8 * byte < rows; byte += 1) {
    const inByte = Math.min(8, rows - 8 * byte);
    // Most rows miss nothing, and are passed eight at a time.
    if (isWhole(low, byte) && isWhole(high, byte)) whole += inByte;
    else
      for (let bit = 0; bit < inByte; bit += 1)
        add(counts, patternAt(low, byte, bit), patternAt(high, byte, bit), 1);
  }
  if (whole > 0) add(counts, 0, 0, whole);
  return counts;
}

function isWhole(columns: readonly Uint8Array[], byte: number): boolean {
  for (const column of columns) if (column[byte] !== 0) return false;
  return true;
}

function patternAt(columns: readonly Uint8Array[], byte: number, bit: number): number {
  let pattern = 0;
  for (let i = 0; i < columns.length; i += 1) pattern |= (((columns[i]?.[byte] ?? 0) >>> bit) & 1) << i;
  return pattern;
}

function add(counts: Counts, low: number, high: number, rows: number): void {
  const rest = counts.get(low) ?? new Map<number, number>();
  counts.set(low, rest);
  rest.set(high, (rest.get(high) ?? 0) + rows);
}

const lettersOf = (low: number, high: number, columns: number): string =>
  Array.from({ length: columns }, (_, i) =>
    (i < half ? low >>> i : high >>> (i - half)) & 1 ? '1' : '0',
  ).join('');
