/** Messages of the protocol's gRPC form, as tensors of ours; a tensor's bytes come beside the inputs, or as lists of their type. */
import type { Datatype, Tensor } from '../../../adapters/inference/inference.ts';
import { encodeBinary } from './binary-tensor.ts';
import { elementTypes, parseDatatype, refuse } from './element-types.ts';
import type { InferReply } from './reply.ts';
import { type Fields, type InferRequest, readRequest } from './request.ts';

type Parameters = Readonly<Record<string, Fields>>;

interface TensorMessage {
  readonly name: string;
  readonly datatype: string;
  /** 64-bit numbers come as text. */
  readonly shape: readonly string[];
  readonly parameters: Parameters;
  readonly contents: Readonly<Record<string, readonly unknown[]>> | null;
}

export interface InferRequestMessage {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly inputs: readonly TensorMessage[];
  readonly outputs: readonly { readonly name: string; readonly parameters: Parameters }[];
  readonly raw_input_contents: readonly Buffer[];
}

/** The value of each parameter, whichever type it was given. */
export const toParameters = (parameters: Parameters): Fields =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, value[String(value.parameter_choice)]]),
  );

/** The list that a datatype's elements come in; halves come as bytes only. */
function contentsOf(datatype: Datatype): string | null {
  if (datatype === 'BYTES') return 'bytes_contents';
  if (datatype === 'BOOL') return 'bool_contents';
  if (datatype === 'FP16') return null;
  if (datatype === 'FP32' || datatype === 'FP64') return `${datatype.toLowerCase()}_contents`;
  const word = datatype.startsWith('U') ? 'uint' : 'int';
  return `${word}${elementTypes[datatype].bytes === 8 ? '64' : ''}_contents`;
}

export function fromMessage(message: InferRequestMessage): InferRequest {
  const { inputs, outputs, raw_input_contents: raw } = message;
  if (raw.length > 0 && raw.length !== inputs.length)
    throw refuse(`there are ${raw.length} raw_input_contents for ${inputs.length} inputs`);
  const bytes = raw.length > 0 ? [...raw] : inputs.flatMap(toBytes);
  const isInBytes = (input: TensorMessage) => raw.length > 0 || comesAsBytes(input);
  let next = 0;
  const fields = {
    id: message.id,
    parameters: toParameters(message.parameters),
    inputs: inputs.map((input) => ({
      ...{ name: input.name, datatype: input.datatype, shape: input.shape.map(Number) },
      ...(isInBytes(input)
        ? { parameters: { ...toParameters(input.parameters), binary_data_size: bytes[next++]?.length } }
        : { parameters: toParameters(input.parameters), data: listOf(input) }),
    })),
    outputs: outputs.map(({ name, parameters }) => ({ name, parameters: toParameters(parameters) })),
  };
  if (raw.length > 0 && inputs.some(({ contents }) => contents !== null))
    throw refuse('there are contents of an input and raw_input_contents; there can be one of them');
  return {
    ...readRequest(fields, { take: () => bytes.shift() as Buffer, end: () => {} }),
    isBinary: () => raw.length > 0,
  };
}

/** Floats that JSON has no words for, and texts that are none. */
const comesAsBytes = ({ datatype }: TensorMessage): boolean =>
  datatype === 'FP32' || datatype === 'FP64' || datatype === 'BYTES';

function toBytes(input: TensorMessage): Buffer[] {
  if (!comesAsBytes(input)) return [];
  const list = listOf(input);
  if (input.datatype === 'BYTES') return [encodeBinary('BYTES', list as Buffer[])];
  const data =
    input.datatype === 'FP32' ? Float32Array.from(list as number[]) : Float64Array.from(list as number[]);
  return [encodeBinary(input.datatype as Datatype, data)];
}

function listOf({ name, datatype, contents }: TensorMessage): readonly unknown[] {
  const field = contentsOf(parseDatatype(datatype, name));
  if (field === null) throw refuse(`'${name}' is ${datatype}, which comes in raw_input_contents only`);
  const list = contents?.[field] ?? [];
  return field.includes('64_') && field !== 'fp64_contents'
    ? list.map((digits) => BigInt(String(digits)))
    : list;
}

/** In the form that the request had. */
export function toMessage(reply: InferReply, isRaw: boolean): object {
  const { endpoint, modelVersion, id, parameters, outputs } = reply;
  // One that has no list makes all of them bytes: the client reads the one or the other.
  const isInBytes = isRaw || outputs.some(({ datatype }) => datatype === 'FP16');
  return {
    ...{ model_name: endpoint, model_version: modelVersion, id },
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [name, toParameter(value)]),
    ),
    outputs: outputs.map((output) => ({
      ...{ name: output.name, datatype: output.datatype, shape: output.shape },
      ...(!isInBytes && { contents: toContents(output) }),
    })),
    raw_output_contents: isInBytes ? outputs.map(({ datatype, data }) => encodeBinary(datatype, data)) : [],
  };
}

const toParameter = (value: string | number | boolean): Fields => {
  if (typeof value === 'string') return { string_param: value };
  return typeof value === 'boolean' ? { bool_param: value } : { int64_param: value };
};

function toContents({ datatype, data }: Tensor): object {
  const field = String(contentsOf(datatype));
  if (datatype === 'BOOL') return { [field]: Array.from(data as Uint8Array, Boolean) };
  if (datatype === 'BYTES') return { [field]: Array.from(data as string[], (value) => Buffer.from(value)) };
  const isLong = typeof data[0] === 'bigint';
  return { [field]: isLong ? Array.from(data as BigInt64Array, String) : Array.from(data as Float64Array) };
}
