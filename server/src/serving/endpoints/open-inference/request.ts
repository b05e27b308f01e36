/** An inference request of the Open Inference Protocol: JSON, JSON before tensors as bytes, or bytes alone. */
import type { Tensor, TensorSpec } from '../../../adapters/inference/inference.ts';
import { decodeBinary, toText } from './binary-tensor.ts';
import { elementTypes, parseDatatype, parseShape, refuse, shown } from './element-types.ts';
import { decodeJson } from './json-tensor.ts';
import { parseJson } from './json-text.ts';

export interface InferRequest {
  readonly id?: string;
  readonly inputs: readonly Tensor[];
  /** Names of the outputs that are wanted; all of them when absent. */
  readonly outputs?: readonly string[];
  /** Whether an output is wanted as bytes. */
  readonly isBinary: (output: string) => boolean;
}

const mostTensors = 10_000;
/** As of our own predictions. */
const longestId = 200;

/** Where the bytes of tensors come from, in the order of the inputs. */
export interface Bytes {
  take(name: string, size: unknown): Buffer;
  /** @throws inferRequestInvalid where some are left over */
  end(): void;
}

/** @param headerLength bytes of JSON before the tensors; null when all of the body is JSON */
export function decodeRequest(body: Buffer, headerLength: number | null): InferRequest {
  if (headerLength !== null && headerLength > body.length)
    throw refuse(`Inference-Header-Content-Length is ${headerLength}, but the body has ${body.length} bytes`);
  const fields = toFields(parseJson(body.subarray(0, headerLength ?? body.length)), 'the request');
  return readRequest(fields, createTail(headerLength === null ? null : body.subarray(headerLength)));
}

/** From fields as JSON has them, whatever they came in. */
export function readRequest(fields: Fields, bytes: Bytes): InferRequest {
  return {
    ...readId(fields.id),
    inputs: readInputs(fields.inputs, bytes),
    ...readOutputs(fields.outputs, readParameters(fields.parameters, 'the request')),
  };
}

/** The whole body is the only input's data. */
export function decodeRawRequest(body: Buffer, specs: readonly TensorSpec[]): InferRequest {
  const [spec, ...others] = specs;
  if (!spec || others.length > 0)
    throw refuse(`a request of bytes alone is for models with one input; this one has ${specs.length}`);
  const { name, datatype } = spec;
  const isBinary = () => true;
  const variable = spec.shape.filter((size) => size < 0).length;
  if (datatype === 'BYTES') {
    if (variable > 1 || spec.shape.some((size) => size > 1))
      throw refuse(`a request of bytes alone is one element; the input '${name}' takes more`);
    const shape = spec.shape.map(() => 1);
    return { inputs: [{ name, datatype, shape, data: [toText(body)] }], isBinary };
  }
  if (variable > 1)
    throw refuse(
      `the input '${name}' has ${variable} sizes that the bytes do not tell; send a header with its shape`,
    );
  const size = elementTypes[datatype].bytes;
  const known = spec.shape.reduce((product, each) => (each < 0 ? product : product * each), 1);
  const missing = known === 0 ? 0 : body.length / (known * size);
  const shape = spec.shape.map((each) => (each < 0 ? Math.floor(missing) : each));
  const { count } = parseShape(shape, name);
  return { inputs: [{ name, datatype, shape, data: decodeBinary(name, datatype, count, body) }], isBinary };
}

export type Fields = Readonly<Record<string, unknown>>;

function toFields(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw refuse(`${what} is ${shown(value)}, no object`);
}

function readName(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= 1000) return value;
  throw refuse(`${what} has the name ${shown(value)}; a name is a text`);
}

function readId(id: unknown): { id?: string } {
  if (id === undefined || id === null || id === '') return {};
  if (typeof id === 'string' && id.length <= longestId) return { id };
  throw refuse(`the id is ${shown(id)}; an id is a text of at most ${longestId} characters`);
}

function readParameters(value: unknown, what: string): Fields {
  if (value === undefined || value === null) return {};
  const fields = toFields(value, `parameters of ${what}`);
  for (const [name, parameter] of Object.entries(fields))
    if (typeof parameter === 'object')
      throw refuse(
        `the parameter '${name}' of ${what} is ${shown(parameter)}; it can be a text, a number, true or false`,
      );
  return fields;
}

function readList(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw refuse(`${what} is ${shown(value)}, no list`);
  if (value.length > mostTensors)
    throw refuse(`${what} has ${value.length} tensors; ${mostTensors} is the most`);
  return value;
}

function assertDistinct(tensors: readonly { name: string }[], what: string): void {
  const seen = new Set<string>();
  for (const { name } of tensors) {
    if (seen.has(name)) throw refuse(`two ${what} are called '${name}'`);
    seen.add(name);
  }
}

function readInputs(value: unknown, bytes: Bytes): Tensor[] {
  const list = readList(value, 'inputs');
  if (list.length === 0) throw refuse('inputs is empty');
  const inputs = list.map((each, i) => readInput(toFields(each, `inputs[${i}]`), i, bytes));
  bytes.end();
  assertDistinct(inputs, 'inputs');
  return inputs;
}

/** The bytes after the JSON, in the order of the inputs. */
function createTail(tail: Buffer | null): Bytes {
  let at = 0;
  return {
    take(name: string, size: unknown): Buffer {
      if (tail === null)
        throw refuse(
          `'${name}' has a binary_data_size, but there is no header Inference-Header-Content-Length`,
        );
      if (typeof size !== 'number' || !Number.isInteger(size) || size < 0)
        throw refuse(`the binary_data_size of '${name}' is ${shown(size)}, no number of bytes`);
      if (at + size > tail.length)
        throw refuse(`'${name}' is said to have ${size} bytes, but ${tail.length - at} are left of the body`);
      at += size;
      return tail.subarray(at - size, at);
    },
    end(): void {
      if (tail !== null && at < tail.length)
        throw refuse(`the body has ${tail.length - at} bytes after its last tensor`);
    },
  };
}

function readInput(fields: Fields, index: number, bytes: Bytes): Tensor {
  const name = readName(fields.name, `inputs[${index}]`);
  const datatype = parseDatatype(fields.datatype, name);
  const parameters = readParameters(fields.parameters, `'${name}'`);
  const extent = parseShape(fields.shape, name);
  refuseSharedMemory(parameters, name);
  const { binary_data_size: size } = parameters;
  if (size !== undefined && fields.data !== undefined)
    throw refuse(`'${name}' has data and a binary_data_size; it can have one of them`);
  const data =
    size === undefined
      ? decodeJson(name, datatype, extent, fields.data)
      : decodeBinary(name, datatype, extent.count, bytes.take(name, size));
  return { name, datatype, shape: extent.shape, data };
}

function refuseSharedMemory(parameters: Fields, name: string): void {
  if (parameters.shared_memory_region !== undefined)
    throw refuse(`'${name}' is in shared memory, which this server does not read; send its data`);
}

function readOutputs(value: unknown, request: Fields): Pick<InferRequest, 'outputs' | 'isBinary'> {
  const isUsually = readFlag(request.binary_data_output, 'binary_data_output of the request') ?? false;
  if (value === undefined || value === null) return { isBinary: () => isUsually };
  const outputs = readList(value, 'outputs').map((each, i) => readOutput(toFields(each, `outputs[${i}]`), i));
  assertDistinct(outputs, 'outputs');
  if (outputs.length === 0) return { isBinary: () => isUsually };
  const asked = new Map(outputs.map(({ name, isBinary }) => [name, isBinary]));
  return {
    outputs: outputs.map(({ name }) => name),
    isBinary: (name) => asked.get(name) ?? isUsually,
  };
}

function readOutput(fields: Fields, index: number): { name: string; isBinary: boolean | undefined } {
  const name = readName(fields.name, `outputs[${index}]`);
  const parameters = readParameters(fields.parameters, `'${name}'`);
  refuseSharedMemory(parameters, name);
  if (Number(parameters.classification ?? 0) > 0)
    throw refuse(
      `'${name}' is asked for as a classification, which this server does not make; ask for the output itself`,
    );
  return { name, isBinary: readFlag(parameters.binary_data, `binary_data of '${name}'`) };
}

function readFlag(value: unknown, what: string): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw refuse(`${what} is ${shown(value)}; it can be true or false`);
}
