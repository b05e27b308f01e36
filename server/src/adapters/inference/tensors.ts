/** Tensors as models take and give them; the datatypes are those of the Open Inference Protocol. */

export const datatypes = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;

export type Datatype = (typeof datatypes)[number];

/** What a model says of one of its inputs or outputs. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  /** -1 where any size will do. */
  readonly shape: readonly number[];
}

/** BOOL as 0 and 1, FP16 as its bits, BYTES as text where it is UTF-8 and as bytes where it is not. */
export type TensorData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly (string | Uint8Array)[];

export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  /** The product of its sizes is the length of `data`. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: TensorData;
}
