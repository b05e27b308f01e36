/** Nested lists of JSON to tensors of a datatype, and back. Pure. */
import type { Datatype, Tensor, TensorData, TensorSpec } from '../../../adapters/inference/tensors.ts';
import { errors } from '../../../base/errors.ts';

const refuse = (reason: string) => errors.scoringInputInvalid({ reason });

/** @throws scoringInputInvalid when lists have different lengths, or a value does not fit */
export function toTensor({ name, datatype, shape }: TensorSpec, value: unknown): Tensor {
  const sizes = sizesOf(value);
  const fits = sizes.length === shape.length && shape.every((size, i) => size < 0 || size === sizes[i]);
  if (!fits)
    throw refuse(
      `'${name}' has the shape [${sizes.join(', ')}], where the model takes [${shape.join(', ')}]`,
    );
  const flat: unknown[] = [];
  flatten(value, sizes, 0, flat, name);
  return { name, datatype, shape: sizes, data: toData(name, datatype, flat) };
}

/** As the first element of each list says; others are held against it. */
function sizesOf(value: unknown): number[] {
  const sizes: number[] = [];
  for (let at = value; Array.isArray(at); at = at[0]) {
    sizes.push(at.length);
    if (sizes.length > 32) throw refuse('its lists are nested more than 32 deep');
  }
  return sizes;
}

function flatten(
  value: unknown,
  sizes: readonly number[],
  depth: number,
  into: unknown[],
  name: string,
): void {
  if (depth === sizes.length) {
    if (Array.isArray(value)) throw refuse(`'${name}' has a list where others have a value`);
    into.push(value);
    return;
  }
  if (!Array.isArray(value) || value.length !== sizes[depth])
    throw refuse(`'${name}' has lists of different lengths; the first has ${sizes[depth]} values`);
  for (const part of value) flatten(part, sizes, depth + 1, into, name);
}

const integerBits: Partial<Record<Datatype, [number, number]>> = {
  ...{ INT8: [-128, 127], INT16: [-32_768, 32_767], INT32: [-(2 ** 31), 2 ** 31 - 1] },
  ...{ UINT8: [0, 255], UINT16: [0, 65_535], UINT32: [0, 2 ** 32 - 1] },
  ...{ INT64: [-(2 ** 53), 2 ** 53], UINT64: [0, 2 ** 53] },
};

function toData(name: string, datatype: Datatype, flat: readonly unknown[]): TensorData {
  const wrong = (value: unknown) =>
    refuse(`'${name}' takes ${datatype}, and ${JSON.stringify(value)?.slice(0, 60) ?? typeof value} is none`);
  if (datatype === 'BYTES')
    return flat.map((value) => {
      if (typeof value === 'string') return value;
      throw wrong(value);
    });
  const numbers = flat.map((value) => {
    const number = typeof value === 'boolean' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number)) throw wrong(value);
    return number;
  });
  if (datatype === 'FP64') return Float64Array.from(numbers);
  if (datatype === 'FP32') return Float32Array.from(numbers);
  if (datatype === 'FP16') return new Uint16Array(Float16Array.from(numbers).buffer);
  if (datatype === 'BOOL') return Uint8Array.from(numbers, (value) => Number(value !== 0));
  const [least, most] = integerBits[datatype] ?? [0, 0];
  const bad = numbers.find((value) => !Number.isInteger(value) || value < least || value > most);
  if (bad !== undefined) throw wrong(bad);
  if (datatype === 'INT64') return BigInt64Array.from(numbers, BigInt);
  if (datatype === 'UINT64') return BigUint64Array.from(numbers, BigInt);
  return integerArrays[datatype as keyof typeof integerArrays].from(numbers);
}

const integerArrays = {
  ...{ INT8: Int8Array, INT16: Int16Array, INT32: Int32Array },
  ...{ UINT8: Uint8Array, UINT16: Uint16Array, UINT32: Uint32Array },
};

/** Nested lists of a tensor. What JSON has no word for is null; integers beyond 2^53 keep their digits. */
export function toNested({ datatype, shape, data }: Tensor): unknown {
  const values: unknown[] =
    datatype === 'FP16'
      ? Array.from(new Float16Array(Uint16Array.from(data as Uint16Array).buffer))
      : Array.from<unknown>(data);
  const plain = values.map((value) => toPlain(datatype, value));
  return shape.slice(1).reduceRight((inner, size) => chunk(inner, size), plain);
}

function chunk(values: unknown[], size: number): unknown[] {
  const parts: unknown[] = [];
  for (let at = 0; at < values.length; at += size) parts.push(values.slice(at, at + size));
  return parts;
}

function toPlain(datatype: Datatype, value: unknown): unknown {
  if (datatype === 'BOOL') return value !== 0;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : rawJson(String(value));
  return typeof value === 'number' && !Number.isFinite(value) ? null : value;
}

/** Digits as they are; TypeScript's library does not know it yet. */
const rawJson = (text: string): unknown =>
  (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
