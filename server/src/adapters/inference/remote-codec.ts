/** What goes to a server of the Open Inference Protocol and comes back: JSON, and beside it the bytes of tensors where it takes them. */
import { errors } from '../../base/errors.ts';
import type { Signature } from './inference.ts';
import { decodeData, encodeData } from './tensor-bytes.ts';
import { arrayOf, sizeOf, toNumbers } from './tensor-fit.ts';
import { type Datatype, datatypes, type Tensor, type TensorData, type TensorSpec } from './tensors.ts';

interface WireTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly (number | string)[];
  readonly parameters?: { readonly binary_data_size?: number };
  readonly data?: unknown;
}

export function readMetadata(
  model: Buffer,
  server: Buffer | null,
): { signature: Signature; isBinary: boolean } {
  const { inputs, outputs } = JSON.parse(model.toString()) as {
    inputs?: WireTensor[];
    outputs?: WireTensor[];
  };
  const { extensions } = (server ? JSON.parse(server.toString()) : {}) as { extensions?: string[] };
  return {
    signature: { inputs: (inputs ?? []).map(specOf), outputs: (outputs ?? []).map(specOf) },
    isBinary: Array.isArray(extensions) && extensions.includes('binary_tensor_data'),
  };
}

function specOf({ name, datatype, shape }: WireTensor): TensorSpec {
  // Triton writes its metadata of 64-bit sizes as text in places.
  return { name, datatype: datatypeOf(name, datatype), shape: shape.map(Number) };
}

function datatypeOf(name: string, datatype: string): Datatype {
  const found = datatypes.find((each) => each === datatype);
  if (found) return found;
  throw new Error(`'${name}' is of the datatype ${datatype}`);
}

/** @throws modelInputInvalid of values that JSON has no words for */
export function encodeInference(
  inputs: readonly Tensor[],
  wanted: readonly string[] | undefined,
  isBinary: boolean,
): { headers: Record<string, string>; parts: Uint8Array[] } {
  if (!isBinary) {
    const tensors = inputs.map((tensor) => headOf(tensor, `"data":[${valuesOf(tensor)}]`));
    const outputs = wanted ? `,"outputs":${JSON.stringify(wanted.map((name) => ({ name })))}` : '';
    const text = Buffer.from(`{"inputs":[${tensors.join(',')}]${outputs}}`);
    return { headers: { 'content-type': 'application/json' }, parts: [text] };
  }
  const bytes = inputs.map(encodeData);
  const tensors = inputs.map((tensor, i) =>
    headOf(tensor, `"parameters":{"binary_data_size":${bytes[i]?.length}}`),
  );
  const outputs = wanted
    ? `"outputs":${JSON.stringify(wanted.map((name) => ({ name, parameters: { binary_data: true } })))}`
    : '"parameters":{"binary_data_output":true}';
  const text = Buffer.from(`{"inputs":[${tensors.join(',')}],${outputs}}`);
  return {
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(text.length),
    },
    parts: [text, ...bytes],
  };
}

const headOf = ({ name, datatype, shape }: Tensor, rest: string): string =>
  `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape}],${rest}}`;

function valuesOf(tensor: Tensor): string {
  const { name, datatype, data } = tensor;
  if (datatype === 'BYTES') {
    const at = (data as readonly unknown[]).findIndex((each) => typeof each !== 'string');
    if (at >= 0)
      throw errors.modelInputInvalid({ expected: `'${name}' as UTF-8 text`, found: `other bytes at ${at}` });
    return (data as readonly string[]).map((each) => JSON.stringify(each)).join(',');
  }
  if (datatype === 'BOOL') return Array.from(data as Uint8Array, (each) => each !== 0).join(',');
  if (!datatype.startsWith('FP')) return data.join(',');
  const numbers = toNumbers(tensor);
  return Array.from(numbers, (each, i) => {
    if (Number.isFinite(each)) return each;
    // Those who read it make NaN of null; for infinity there is no word.
    if (Number.isNaN(each)) return 'null';
    throw errors.modelInputInvalid({
      expected: `'${name}' finite, as its server takes JSON alone`,
      found: `${each} at ${i}`,
    });
  }).join(',');
}

/** @throws `Error` of what is not of the protocol */
export function decodeInference(
  body: Buffer,
  headerLength: string | string[] | undefined,
): readonly Tensor[] {
  const size = headerLength === undefined ? body.length : Number(headerLength);
  if (!Number.isInteger(size) || size < 0 || size > body.length)
    throw new Error(`a JSON part of ${headerLength} of ${body.length} bytes`);
  const text = body.toString('utf8', 0, size);
  const { outputs } = (text.includes('INT64') ? JSON.parse(text, exactly) : JSON.parse(text)) as {
    outputs?: WireTensor[];
  };
  if (!Array.isArray(outputs)) throw new Error("no 'outputs'");
  let offset = size;
  return outputs.map(({ name, datatype, shape, parameters, data }) => {
    const head = { name, datatype: datatypeOf(name, datatype), shape: shape.map(Number) };
    const length = sizeOf(head.shape);
    if (!head.shape.every((each) => Number.isSafeInteger(each) && each >= 0) || !Number.isSafeInteger(length))
      throw new Error(`'${name}' has the shape [${shape.join(', ')}]`);
    const bytes = parameters?.binary_data_size;
    if (bytes === undefined) return { ...head, data: fromJson(name, head.datatype, data, length) };
    const part = body.subarray(offset, offset + bytes);
    offset += bytes;
    return { ...head, data: decodeData(head.datatype, part, length) };
  });
}

/** 64-bit integers beyond what a number holds, from the digits that were sent. */
const exactly = (_: string, value: unknown, context?: { source?: string }): unknown =>
  typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source
    ? BigInt(context.source)
    : value;

function fromJson(name: string, datatype: Datatype, data: unknown, length: number): TensorData {
  if (!Array.isArray(data)) throw new Error(`'${name}' has no data`);
  // Nested or flat, as a server likes.
  const flat = data.flat(Number.POSITIVE_INFINITY) as unknown[];
  if (flat.length !== length)
    throw new Error(`'${name}' has ${flat.length} values where its shape has ${length} places`);
  if (datatype === 'BYTES') return flat.map(String);
  if (datatype === 'INT64') return BigInt64Array.from(flat as number[], BigInt);
  if (datatype === 'UINT64') return BigUint64Array.from(flat as number[], BigInt);
  const numbers = flat.map((each) => (each === null ? Number.NaN : Number(each)));
  if (datatype === 'FP16') return new Uint16Array(Float16Array.from(numbers).buffer);
  const held = new (arrayOf(datatype))(length);
  for (const [i, number] of numbers.entries()) held[i] = number;
  return held as TensorData;
}
