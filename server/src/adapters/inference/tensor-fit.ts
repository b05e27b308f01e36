/** Tensors that were given, made into those that a model takes; every refusal names the input, what was found and what is expected. */
import { errors } from '../../base/errors.ts';
import type { Datatype, Tensor, TensorData, TensorSpec } from './tensors.ts';

const arrays = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;

type Numeric = keyof typeof arrays;

/** What holds its numbers. */
export const arrayOf = (datatype: Exclude<Datatype, 'BYTES'>) => arrays[datatype];

const refuse = (expected: string, found: string) => errors.modelInputInvalid({ expected, found });
const shapeOf = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
const toldOf = ({ name, datatype, shape }: TensorSpec): string =>
  `'${name}' as ${datatype} of shape ${shapeOf(shape)}`;

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((size, dimension) => size * dimension, 1);

/** One value per row: what a table has under one name. */
export const isColumn = ({ shape }: Pick<TensorSpec, 'shape'>): boolean =>
  shape.length === 1 || (shape.length === 2 && shape[1] === 1);

/** @throws modelInputInvalid unless there are as many values as its shape says, held as its datatype is */
function assertWhole(tensor: Tensor): void {
  const { name, datatype, shape, data } = tensor;
  const isHeldWell = datatype === 'BYTES' ? Array.isArray(data) : data instanceof arrays[datatype];
  if (!isHeldWell) throw refuse(`'${name}' held as ${datatype}`, `a ${data.constructor.name}`);
  const isShape = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!isShape || sizeOf(shape) !== data.length)
    throw refuse(
      `as many values of '${name}' as its shape ${shapeOf(shape)} has places`,
      `${data.length} values`,
    );
}

function fitOne(spec: TensorSpec, tensor: Tensor): Tensor {
  const { datatype, shape } = tensor;
  if (datatype !== spec.datatype) throw refuse(toldOf(spec), toldOf(tensor));
  const isSame =
    shape.length === spec.shape.length &&
    shape.every((size, i) => spec.shape[i] === -1 || spec.shape[i] === size);
  if (isSame) return tensor.name === spec.name ? tensor : { ...tensor, name: spec.name };
  const rows = shape[0] ?? 0;
  if (isColumn(spec) && isColumn(tensor) && (spec.shape[0] === -1 || spec.shape[0] === rows))
    return { ...tensor, name: spec.name, shape: spec.shape.length === 1 ? [rows] : [rows, 1] };
  throw refuse(toldOf(spec), toldOf(tensor));
}

/**
 * In the order of `specs`. Beside tensors by their names, a model of one table takes its columns one by one, and a model
 * of columns takes them as one table; numbers are then converted, where they stay what they are.
 * @throws modelInputInvalid
 */
export function fitInputs(specs: readonly TensorSpec[], inputs: readonly Tensor[]): readonly Tensor[] {
  for (const input of inputs) assertWhole(input);
  const [spec] = specs;
  const [input] = inputs;
  if (spec && input) {
    if (specs.length === 1 && inputs.length === 1) return [fitOne(spec, input)];
    if (specs.length === 1 && canStack(spec, inputs)) return [fitOne(spec, stack(spec, inputs))];
    if (inputs.length === 1 && canSplit(specs, input)) return split(specs, input);
  }
  const given = new Map(inputs.map((each) => [each.name, each]));
  if (given.size < inputs.length) throw refuse('each input once', `'${firstTwice(inputs)}' twice`);
  const fitted = specs.map((each) => {
    const found = given.get(each.name);
    if (!found) throw refuse(toldOf(each), `no '${each.name}'${among(inputs)}`);
    given.delete(each.name);
    return fitOne(each, found);
  });
  const [stray] = given.keys();
  if (stray !== undefined)
    throw refuse(`the inputs ${specs.map(({ name }) => `'${name}'`).join(', ')}`, `'${stray}' too`);
  return fitted;
}

const among = (inputs: readonly Tensor[]): string =>
  inputs.length === 0 ? '' : `, only ${inputs.map(toldOf).join(', ')}`;

const firstTwice = (inputs: readonly Tensor[]): string | undefined =>
  inputs.find(({ name }, i) => inputs.findIndex((each) => each.name === name) < i)?.name;

const isNumeric = (datatype: Datatype): datatype is Numeric => datatype !== 'BYTES';

function canStack(spec: TensorSpec, inputs: readonly Tensor[]): boolean {
  const width = spec.shape[1];
  const isTable = spec.shape.length === 2 && (width === -1 || width === inputs.length);
  return isTable && inputs.length > 1 && inputs.every((each) => isColumn(each));
}

const canSplit = (specs: readonly TensorSpec[], { shape }: Tensor): boolean =>
  specs.every(isColumn) && shape.length === 2 && shape[1] === specs.length;

function stack(spec: TensorSpec, inputs: readonly Tensor[]): Tensor {
  const rowCount = inputs[0]?.shape[0] ?? 0;
  const width = inputs.length;
  const parts = inputs.map((input) => {
    if (input.shape[0] !== rowCount)
      throw refuse(`${rowCount} rows in each column`, `${input.shape[0]} in '${input.name}'`);
    return castData(input, spec.datatype);
  });
  const data = emptyData(spec.datatype, rowCount * width);
  for (const [i, part] of parts.entries())
    for (let row = 0; row < rowCount; row += 1) data[row * width + i] = part[row] as never;
  return { name: spec.name, datatype: spec.datatype, shape: [rowCount, width], data: data as TensorData };
}

function split(specs: readonly TensorSpec[], input: Tensor): readonly Tensor[] {
  const [rowCount = 0, width = 0] = input.shape;
  return specs.map((spec, i) => {
    const part = emptyData(input.datatype, rowCount);
    for (let row = 0; row < rowCount; row += 1) part[row] = input.data[row * width + i] as never;
    const column: Tensor = {
      name: spec.name,
      datatype: input.datatype,
      shape: [rowCount],
      data: part as TensorData,
    };
    return fitOne(spec, { ...column, datatype: spec.datatype, data: castData(column, spec.datatype) });
  });
}

const emptyData = (datatype: Datatype, length: number): { [i: number]: unknown } =>
  isNumeric(datatype) ? new arrays[datatype](length) : new Array<string>(length);

/** FP16 are bits to us; as numbers they are these. */
const numbersOf = ({ datatype, data }: Pick<Tensor, 'datatype' | 'data'>): ArrayLike<number | bigint> => {
  if (datatype !== 'FP16') return data as ArrayLike<number | bigint>;
  const bits = data as Uint16Array;
  return new Float16Array(bits.buffer, bits.byteOffset, bits.length);
};

/**
 * The same numbers held as another datatype; floats may lose digits, nothing else may change.
 * @throws modelInputInvalid naming the first that cannot
 */
export function castData(tensor: Tensor, datatype: Datatype): TensorData {
  if (tensor.datatype === datatype) return tensor.data;
  if (!isNumeric(datatype) || !isNumeric(tensor.datatype))
    throw refuse(`'${tensor.name}' as ${datatype}`, tensor.datatype);
  const from = numbersOf(tensor);
  const isBig = datatype === 'INT64' || datatype === 'UINT64';
  if (isBig) return castBig(tensor, from, datatype);
  const isFloat = datatype === 'FP16' || datatype === 'FP32' || datatype === 'FP64';
  const to = datatype === 'FP16' ? new Float16Array(from.length) : new arrays[datatype](from.length);
  for (let i = 0; i < from.length; i += 1) {
    const value = Number(from[i]);
    to[i] = value;
    const isKept = isFloat || (to[i] === value && (datatype !== 'BOOL' || value <= 1));
    if (!isKept) throw refuse(`'${tensor.name}' as ${datatype}`, `${from[i]}`);
  }
  return datatype === 'FP16' ? new Uint16Array(to.buffer) : (to as TensorData);
}

function castBig(
  { name }: Tensor,
  from: ArrayLike<number | bigint>,
  datatype: 'INT64' | 'UINT64',
): BigInt64Array | BigUint64Array {
  const to = new arrays[datatype](from.length);
  for (let i = 0; i < from.length; i += 1) {
    const value = from[i] ?? 0;
    const big = typeof value === 'bigint' ? value : Number.isInteger(value) ? BigInt(value) : null;
    if (big !== null) to[i] = big;
    if (to[i] !== big) throw refuse(`'${name}' as ${datatype}`, `${value}`);
  }
  return to;
}

/** For models of named columns, which take any kind of number that stays what it is. @throws modelInputInvalid */
export const castInputs = (specs: readonly TensorSpec[], inputs: readonly Tensor[]): readonly Tensor[] =>
  inputs.map((input) => {
    const spec = specs.find(({ name }) => name === input.name);
    if (!spec || spec.datatype === input.datatype) return input;
    return { ...input, datatype: spec.datatype, data: castData(input, spec.datatype) };
  });

/** @throws modelInputInvalid naming what there is not */
export function chooseOutputs(
  specs: readonly TensorSpec[],
  wanted: readonly string[] | undefined,
): readonly string[] {
  const names = specs.map(({ name }) => name);
  const stray = wanted?.find((name) => !names.includes(name));
  if (stray !== undefined)
    throw refuse(
      `the outputs ${names.map((name) => `'${name}'`).join(', ')}`,
      `'${stray}' among those wanted`,
    );
  return wanted ?? names;
}

/** As a runtime of numbers answers. */
export function toNumbers(tensor: Pick<Tensor, 'datatype' | 'data'>): Float64Array | Float32Array {
  const { data } = tensor;
  if (data instanceof Float32Array || data instanceof Float64Array) return data;
  return Float64Array.from(numbersOf(tensor), Number);
}
