/** What an element of each datatype is: its bytes, the array that keeps many, the whole numbers that it can be. */
import type { Datatype, TensorData } from '../../../adapters/inference/inference.ts';
import { errors } from '../../../base/errors.ts';

export type NumberArray = Exclude<TensorData, readonly (string | Uint8Array)[]>;

interface ArrayOf<A> {
  new (length: number): A;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
}

export interface ElementType {
  readonly bytes: number;
  readonly array: ArrayOf<NumberArray>;
  /** Of whole numbers: the least and the most. */
  readonly range?: readonly [number | bigint, number | bigint];
}

/** All but BYTES, whose elements have no common length. */
export const elementTypes: Readonly<Record<Exclude<Datatype, 'BYTES'>, ElementType>> = {
  BOOL: { bytes: 1, array: Uint8Array },
  UINT8: { bytes: 1, array: Uint8Array, range: [0, 0xff] },
  UINT16: { bytes: 2, array: Uint16Array, range: [0, 0xffff] },
  UINT32: { bytes: 4, array: Uint32Array, range: [0, 0xffff_ffff] },
  UINT64: { bytes: 8, array: BigUint64Array, range: [0n, 2n ** 64n - 1n] },
  INT8: { bytes: 1, array: Int8Array, range: [-0x80, 0x7f] },
  INT16: { bytes: 2, array: Int16Array, range: [-0x8000, 0x7fff] },
  INT32: { bytes: 4, array: Int32Array, range: [-0x8000_0000, 0x7fff_ffff] },
  INT64: { bytes: 8, array: BigInt64Array, range: [-(2n ** 63n), 2n ** 63n - 1n] },
  FP16: { bytes: 2, array: Uint16Array },
  FP32: { bytes: 4, array: Float32Array },
  FP64: { bytes: 8, array: Float64Array },
};

/** What is wrong with a request, in the protocol's words. */
export const refuse = (problem: string) => errors.inferRequestInvalid({ problem });

export function parseDatatype(value: unknown, name: string): Datatype {
  if (value === 'BYTES' || (typeof value === 'string' && Object.hasOwn(elementTypes, value)))
    return value as Datatype;
  const known = [...Object.keys(elementTypes), 'BYTES'].join(', ');
  throw refuse(`the datatype of '${name}' is ${shown(value)}, which is none of ${known}`);
}

const mostDimensions = 32;
/** As much as any array of ours holds. */
const mostElements = 2 ** 31 - 1;

/** Sizes may come as texts or big integers, from gRPC and from long numbers in JSON. */
export function parseShape(value: unknown, name: string): { shape: number[]; count: number } {
  if (!Array.isArray(value)) throw refuse(`the shape of '${name}' is ${shown(value)}, no list of sizes`);
  if (value.length > mostDimensions)
    throw refuse(`the shape of '${name}' has ${value.length} dimensions; ${mostDimensions} is the most`);
  let count = 1;
  let extent = 1;
  for (const size of value) {
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0)
      throw refuse(`the shape of '${name}' has a size ${shown(size)}; a size is a whole number from 0 on`);
    count *= size;
    extent *= size || 1;
    // Also where another size is 0: nobody has to keep a list of two thousand million rows of nothing.
    if (extent > mostElements)
      throw refuse(`the shape of '${name}' is of more than ${mostElements} elements`);
  }
  return { shape: value as number[], count };
}

export const shown = (value: unknown): string => {
  if (typeof value === 'bigint') return String(value);
  if (value === undefined) return 'missing';
  // Deep lists would overflow the stack here, and nobody would read them.
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return JSON.stringify(value).slice(0, 60);
};
