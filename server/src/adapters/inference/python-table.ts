/** Columns of values to Arrow streams and back. */
import {
  makeVector,
  Table,
  tableFromIPC,
  tableToIPC,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import { errors } from '../../base/errors.ts';
import type { Column, Outputs } from './inference.ts';

export function encodeColumns(columns: ReadonlyMap<string, Column>): Uint8Array {
  const vectors: Record<string, Vector> = {};
  for (const [name, column] of columns)
    vectors[name] =
      column instanceof Float64Array ? makeVector(column) : vectorFromArray([...column], new Utf8());
  return tableToIPC(new Table(vectors), 'stream');
}

/** Rows of numbers as the columns of a signature. */
export function columnsOfRows(
  rows: Float32Array,
  rowCount: number,
  names: readonly string[],
): Map<string, Column> {
  const width = names.length;
  return new Map(
    names.map((name, feature) => {
      const column = new Float64Array(rowCount);
      for (let row = 0; row < rowCount; row += 1) column[row] = rows[row * width + feature] ?? Number.NaN;
      return [name, column];
    }),
  );
}

export function decodeOutputs(names: readonly string[], stream: Uint8Array): Outputs {
  const table = tableFromIPC(stream);
  const columns = names.map((_, i): Column => {
    const values = table.getChildAt(i)?.toArray() as ArrayLike<string | null> | Float64Array | undefined;
    return values instanceof Float64Array ? values : Array.from(values ?? []);
  });
  return { names, columns };
}

/** Row by row, as a runtime of numbers answers. @throws modelOutputInvalid for anything but numbers */
export function toRowMajor(model: string, { names, columns }: Outputs, rowCount: number): Float64Array {
  const values = new Float64Array(rowCount * columns.length);
  for (const [i, column] of columns.entries()) {
    if (!(column instanceof Float64Array)) {
      const found = `text such as '${column.find((each) => each !== null) ?? ''}' in '${names[i]}'`;
      throw errors.modelOutputInvalid({ model, found, expected: 'numbers' });
    }
    if (columns.length === 1) return column;
    for (let row = 0; row < rowCount; row += 1) values[row * columns.length + i] = column[row] ?? Number.NaN;
  }
  return values;
}
