/** Rows and columns of values as the tensors of a model, and its tensors as columns. */
import { errors } from '../../base/errors.ts';
import type { Column, Outputs, Runtime, Signature } from './inference.ts';
import { castData, isColumn, sizeOf, toNumbers } from './tensor-fit.ts';
import type { Tensor, TensorSpec } from './tensors.ts';

const refuse = (expected: string, found: string) => errors.modelInputInvalid({ expected, found });

/** `predictTable` by tensors, for models that take more than one matrix of numbers. */
export function tableOf(
  model: string,
  { inputs }: Signature,
  infer: Runtime['infer'],
): Pick<Runtime, 'predictTable'> {
  const [input] = inputs;
  if (inputs.length === 1 && input?.datatype !== 'BYTES' && input?.shape.length === 2) return {};
  return {
    async predictTable(columns, rowCount, signal) {
      const outputs = await infer(inputsOfColumns(inputs, columns, rowCount), undefined, signal);
      return columnsOfOutputs(model, outputs, rowCount);
    },
  };
}

/** @throws modelInputInvalid of a model that takes no rows of numbers */
export function inputsOfRows(
  specs: readonly TensorSpec[],
  rows: Float32Array,
  rowCount: number,
  featureCount: number,
): readonly Tensor[] {
  const table: Tensor = { name: 'rows', datatype: 'FP32', shape: [rowCount, featureCount], data: rows };
  const [spec] = specs;
  if (specs.length === 1 && spec?.shape.length === 2)
    return [{ ...table, name: spec.name, datatype: spec.datatype, data: castData(table, spec.datatype) }];
  if (specs.every(isColumn)) {
    if (specs.length !== featureCount) throw refuse(`${specs.length} features`, `${featureCount}`);
    return [table];
  }
  throw refuse(
    `tensors (${specs.map(({ name, shape }) => `'${name}' [${shape}]`).join(', ')})`,
    'rows of numbers',
  );
}

/** By name where the model has an input per column, side by side where it has one table. */
export function inputsOfColumns(
  specs: readonly TensorSpec[],
  columns: ReadonlyMap<string, Column>,
  rowCount: number,
): readonly Tensor[] {
  const isTable = specs.length === 1 && !columns.has(specs[0]?.name ?? '');
  const found = [...columns].map(([name, column]) => tensorOf(name, column, rowCount));
  if (isTable) return found;
  return specs.map((spec) => {
    const tensor = found.find(({ name }) => name === spec.name);
    if (!tensor) throw refuse(`the column '${spec.name}'`, [...columns.keys()].join(', '));
    return { ...tensor, datatype: spec.datatype, data: castData(tensor, spec.datatype) };
  });
}

function tensorOf(name: string, column: Column, rowCount: number): Tensor {
  if (column.length !== rowCount) throw refuse(`${rowCount} values of '${name}'`, `${column.length}`);
  if (column instanceof Float64Array) return { name, datatype: 'FP64', shape: [rowCount], data: column };
  const missing = column.indexOf(null);
  if (missing >= 0) throw refuse(`a text for '${name}' in each row`, `none in row ${missing}`);
  return { name, datatype: 'BYTES', shape: [rowCount], data: column as readonly string[] };
}

/** One column per value that an output has for a row, named `probabilities.0` and so on where there are several. */
export function columnsOfOutputs(model: string, outputs: readonly Tensor[], rowCount: number): Outputs {
  const parts = outputs.flatMap((output) => splitOutput(model, output, rowCount));
  return { names: parts.map(([name]) => name), columns: parts.map(([, column]) => column) };
}

function splitOutput(model: string, output: Tensor, rowCount: number): [string, Column][] {
  const { name, datatype, shape, data } = output;
  const width = rowCount > 0 ? sizeOf(shape) / rowCount : 0;
  if (!Number.isInteger(width)) {
    const found = `'${name}' of shape [${shape.join(', ')}] for ${rowCount} rows`;
    throw errors.modelOutputInvalid({ model, found, expected: 'a value per row' });
  }
  const isText = datatype === 'BYTES';
  const values: ArrayLike<unknown> = isText ? data : toNumbers(output);
  return Array.from({ length: width }, (_, i): [string, Column] => {
    const at = (_: unknown, row: number) => values[row * width + i];
    const column = isText
      ? Array.from({ length: rowCount }, (_, row) => textOf(at(_, row)))
      : Float64Array.from({ length: rowCount }, at as (_: unknown, row: number) => number);
    return [width === 1 ? name : `${name}.${i}`, column];
  });
}

const decoder = new TextDecoder();
const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : decoder.decode(value as Uint8Array);
