import { endianness } from 'node:os';
import type { ColumnType } from './analytics.ts';

/** See docs/decisions/003-canonical-rows.md. Changing any of these changes the digest of every dataset. */
const tag = { null: 0, boolean: 1, integer: 2, double: 3, text: 4, date: 5, timestamp: 6 } as const;
/** Bytes of a value behind its tag; of a text, behind its length. */
const width = { boolean: 1, integer: 8, double: 8, text: 0, date: 4, timestamp: 8 } as const;
const lengthBytes = 4;

/** One column of a batch, as DuckDB holds it in memory: little endian, without an object per value. */
export interface ColumnMemory {
  readonly type: ColumnType;
  /** A bit per row, lowest first: is there a value? Null: everywhere. */
  readonly valid: Uint8Array | null;
  /**
   * Boolean: a byte; integer and timestamp (microseconds): int64; double: float64; date (days): int32. Text: 16 bytes,
   * uint32 length and, up to `inlineBytes`, the UTF-8 itself.
   */
  readonly data: Uint8Array;
  /** The UTF-8 of texts longer than `inlineBytes`. */
  readonly long?: LongTexts;
}

/** Long texts lie in few pieces of memory: the row's piece, and where in it the text begins. */
export interface LongTexts {
  readonly pieces: readonly Uint8Array[];
  readonly pieceOf: Uint32Array;
  readonly placeOf: Uint32Array;
}

export const inlineBytes = 12;

/** Rows in their canonical bytes, one behind the other. Valid until the next batch. */
export interface EncodedRows {
  readonly bytes: Buffer;
  /** Where each row ends. */
  readonly ends: Uint32Array;
}

/** Rows that are encoded together should stay in the processor's cache while one column after the other is written. */
const bytesAtOnce = 1 << 18;
const fewestRows = 32;

const isValid = ({ valid }: ColumnMemory, row: number): boolean =>
  valid === null || (((valid[row >>> 3] ?? 0) >>> (row & 7)) & 1) === 1;

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Adds what each row of the column takes to `sizes`. */
function addSizes(column: ColumnMemory, { from, to }: Range, sizes: Uint32Array): void {
  const source = viewOf(column.data);
  const isText = column.type === 'text';
  for (let row = from; row < to; row += 1) {
    const i = row - from;
    let size = 1;
    if (isValid(column, row))
      size += isText ? lengthBytes + source.getUint32(row * 16, true) : width[column.type];
    sizes[i] = (sizes[i] ?? 0) + size;
  }
}

interface Target {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** Where each row's next value goes; moved on by every column. */
  readonly places: Uint32Array;
}

/** One bit pattern per value: NaN has many, and -0 equals 0. */
function writeDouble(view: DataView, place: number, value: number): void {
  if (Number.isNaN(value)) {
    view.setUint32(place, 0, true);
    view.setUint32(place + 4, 0x7ff80000, true);
  } else view.setFloat64(place, value === 0 ? 0 : value, true);
}

/** `set` needs an object per call, which costs more than a short loop. */
function copyBytes(from: Uint8Array, first: number, length: number, to: Uint8Array, start: number): void {
  if (length > 64) to.set(from.subarray(first, first + length), start);
  else for (let k = 0; k < length; k += 1) to[start + k] = from[first + k] ?? 0;
}

function writeText(
  column: ColumnMemory,
  source: DataView,
  row: number,
  target: Target,
  place: number,
): number {
  const length = source.getUint32(row * 16, true);
  target.view.setUint32(place, length, true);
  const start = place + lengthBytes;
  if (length <= inlineBytes) copyBytes(column.data, row * 16 + lengthBytes, length, target.bytes, start);
  else if (column.long) {
    const { pieces, pieceOf, placeOf } = column.long;
    const piece = pieces[pieceOf[row] ?? 0];
    if (piece) copyBytes(piece, placeOf[row] ?? 0, length, target.bytes, start);
  }
  return start + length;
}

function writeWords(source: DataView, row: number, view: DataView, place: number): void {
  view.setUint32(place, source.getUint32(row * 8, true), true);
  view.setUint32(place + 4, source.getUint32(row * 8 + 4, true), true);
}

function writeColumn(column: ColumnMemory, { from, to }: Range, target: Target): void {
  const { view, bytes, places } = target;
  const source = viewOf(column.data);
  const { type } = column;
  const step = width[type];
  for (let row = from; row < to; row += 1) {
    let place = places[row - from] ?? 0;
    if (!isValid(column, row)) {
      bytes[place] = tag.null;
      places[row - from] = place + 1;
      continue;
    }
    bytes[place] = tag[type];
    place += 1;
    if (type === 'text') {
      places[row - from] = writeText(column, source, row, target, place);
      continue;
    }
    if (type === 'double') writeDouble(view, place, source.getFloat64(row * 8, true));
    else if (type === 'date') view.setInt32(place, source.getInt32(row * 4, true), true);
    else if (type === 'boolean') bytes[place] = column.data[row] === 0 ? 0 : 1;
    else writeWords(source, row, view, place);
    places[row - from] = place + step;
  }
}

/** Turns batches of columns into canonical rows, a few hundred kilobytes of them at once, in one buffer of its own. */
export function rowEncoder(): (columns: readonly ColumnMemory[], rowCount: number) => Generator<EncodedRows> {
  let bytes = Buffer.alloc(bytesAtOnce * 2);

  function encode(columns: readonly ColumnMemory[], range: Range): EncodedRows {
    const count = range.to - range.from;
    const ends = new Uint32Array(count);
    for (const column of columns) addSizes(column, range, ends);
    const places = new Uint32Array(count);
    let end = 0;
    for (let i = 0; i < count; i += 1) {
      places[i] = end;
      end += ends[i] ?? 0;
      ends[i] = end;
    }
    if (end > bytes.length) bytes = Buffer.alloc(end * 2);
    const target = { view: viewOf(bytes), bytes, places };
    for (const column of columns) writeColumn(column, range, target);
    return { bytes, ends };
  }

  return function* (columns, rowCount) {
    if (endianness() !== 'LE') throw new Error('canonical rows are read from little-endian memory');
    const step = Math.max(fewestRows, Math.floor(bytesAtOnce / (1 + 9 * columns.length)));
    for (let from = 0; from < rowCount; from += step)
      yield encode(columns, { from, to: Math.min(rowCount, from + step) });
  };
}
