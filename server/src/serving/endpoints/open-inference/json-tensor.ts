/** Elements as JSON, nested by the shape or flat. */
import type { Datatype, Tensor, TensorData } from '../../../adapters/inference/inference.ts';
import { elementTypes, refuse, shown } from './element-types.ts';

type Stored = number | bigint | string;

/** How a value of JSON is kept; undefined: it is none of the datatype. */
interface Conversion {
  readonly wanted: string;
  readonly convert: (value: unknown) => Stored | undefined;
}

const float = (round: (value: number) => number): Conversion => ({
  wanted: 'numbers that fit into it, and null for NaN',
  convert: (value) => {
    // As replies have it.
    if (value === null) return Number.NaN;
    if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
    return Number.isFinite(round(Number(value))) ? Number(value) : undefined;
  },
});

function whole(least: number, most: number): Conversion {
  return {
    wanted: `whole numbers from ${least} to ${most}`,
    convert: (value) =>
      Number.isInteger(value) && (value as number) >= least && (value as number) <= most
        ? (value as number)
        : undefined,
  };
}

/** A number beyond 2^53 is a big integer by now if it was written in digits; written otherwise nobody knows which it is. */
function long(least: bigint, most: bigint): Conversion {
  return {
    wanted: `whole numbers from ${least} to ${most}, in digits`,
    convert: (value) => {
      const found = Number.isSafeInteger(value) ? BigInt(value as number) : value;
      return typeof found === 'bigint' && found >= least && found <= most ? found : undefined;
    },
  };
}

const bits = new Map<unknown, number>([
  [true, 1],
  [false, 0],
  [1, 1],
  [0, 0],
]);

function conversionOf(datatype: Datatype): Conversion {
  if (datatype === 'BYTES')
    return { wanted: 'texts', convert: (value) => (typeof value === 'string' ? value : undefined) };
  if (datatype === 'BOOL') return { wanted: 'true and false', convert: (value) => bits.get(value) };
  if (datatype === 'FP16') return float(Math.f16round);
  if (datatype === 'FP32') return float(Math.fround);
  if (datatype === 'FP64') return float((value) => value);
  const [least = 0, most = 0] = elementTypes[datatype].range ?? [];
  return typeof least === 'bigint' ? long(least, most as bigint) : whole(least, most as number);
}

/** What a list of numbers is written into; halves are rounded by an array of their own. */
function storeOf(datatype: Datatype, count: number): { [index: number]: Stored } {
  if (datatype === 'BYTES') return new Array<string>(count);
  if (datatype === 'FP16') return new Float16Array(count);
  return new elementTypes[datatype].array(count) as { [index: number]: Stored };
}

interface Filling extends Conversion {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly store: { [index: number]: Stored };
}

export function decodeJson(
  name: string,
  datatype: Datatype,
  { shape, count }: { shape: readonly number[]; count: number },
  data: unknown,
): TensorData {
  if (!Array.isArray(data)) throw refuse(`the data of '${name}' is ${shown(data)}, no list`);
  const isFlat = shape.length <= 1 || !Array.isArray(data[0]);
  // Before anything is made as long as the shape says.
  if (isFlat && data.length !== count) throw refuse(lengthProblem(name, shape, 0, data));
  if (!isFlat) assertNested(name, shape, 0, data);
  const store = storeOf(datatype, count);
  const filling = { name, datatype, shape, store, ...conversionOf(datatype) };
  if (isFlat) fill(filling, data, 0);
  else fillNested(filling, 0, data, 0);
  return store instanceof Float16Array ? new Uint16Array(store.buffer) : (store as unknown as TensorData);
}

function fill(
  { name, datatype, store, convert, wanted }: Filling,
  data: readonly unknown[],
  from: number,
): number {
  for (let i = 0; i < data.length; i++) {
    const value = convert(data[i]);
    if (value === undefined)
      throw refuse(`element ${from + i} of '${name}' is ${shown(data[i])}; ${datatype} takes ${wanted}`);
    store[from + i] = value;
  }
  return from + data.length;
}

/** Every list as long as its dimension says. */
function assertNested(name: string, shape: readonly number[], depth: number, data: unknown): void {
  if (!Array.isArray(data) || data.length !== shape[depth])
    throw refuse(lengthProblem(name, shape, depth, data));
  if (depth < shape.length - 1) for (const part of data) assertNested(name, shape, depth + 1, part);
}

/** As deep as the shape, and no deeper. Returns the place after what it wrote. */
function fillNested(filling: Filling, depth: number, data: readonly unknown[], from: number): number {
  if (depth === filling.shape.length - 1) return fill(filling, data, from);
  return data.reduce<number>((at, part) => fillNested(filling, depth + 1, part as unknown[], at), from);
}

function lengthProblem(name: string, shape: readonly number[], depth: number, data: unknown): string {
  const found = Array.isArray(data) ? `a list of ${data.length}` : shown(data);
  return `the data of '${name}' has ${found} in dimension ${depth}, which does not fit its shape [${shape.join(', ')}]`;
}

/** The tensor's data as JSON, flat. @throws inferRequestInvalid for bytes that are no text */
export function encodeJson({ name, datatype, data }: Tensor): string {
  if (datatype === 'BYTES') {
    if (data.every((value: unknown) => typeof value === 'string')) return JSON.stringify(data);
    throw refuse(
      `the output '${name}' holds bytes that are no UTF-8, which JSON cannot say; ask for binary_data`,
    );
  }
  if (datatype === 'BOOL') return `[${Array.from(data as Uint8Array, (value) => value !== 0).join()}]`;
  if (datatype === 'FP16') {
    const { buffer, byteOffset, length } = data as Uint16Array;
    return encodeFloats(new Float16Array(buffer, byteOffset, length));
  }
  if (datatype === 'FP32' || datatype === 'FP64') return encodeFloats(data as Float64Array);
  // Digits, of big integers too, which no reader of ours rounds.
  return `[${(data as Int32Array).join()}]`;
}

/** JSON has no NaN and no infinity. */
function encodeFloats(data: Float16Array | Float32Array | Float64Array): string {
  return data.every(Number.isFinite) ? `[${data.join()}]` : JSON.stringify(Array.from(data));
}
