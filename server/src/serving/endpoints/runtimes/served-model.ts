/** A loaded model as an endpoint asks it: tensors of rows in, tensors of rows out, requests put together where that may be. */
import type { ModelVersion } from '@tidemill/contract';
import type { Column, Outputs, Runtime } from '../../../adapters/inference/inference.ts';
import { castInputs } from '../../../adapters/inference/tensor-fit.ts';
import type { Tensor, TensorData } from '../../../adapters/inference/tensors.ts';
import { type Breaker, type BreakerChange, createBreaker, usualBreaker } from '../protection/breaker.ts';
import { type BatchWork, createMicroBatch, type MicroBatch } from './micro-batch.ts';

/** Tensors as they came, for a model that takes no table, or a wish for some outputs only. */
export interface WholeRequest {
  readonly inputs: readonly Tensor[];
  readonly wanted?: readonly string[];
}

export interface ServedModel {
  readonly runtime: Runtime;
  /** Shared by all that ask this model: it is the model that fails. */
  readonly breaker: Breaker;
  /** Rows by inputs in one tensor, or a tensor per column: rows of several requests go together. */
  readonly table: MicroBatch<readonly Tensor[], readonly Tensor[]>;
  /** Any tensors; each request goes alone. */
  readonly whole: MicroBatch<WholeRequest, readonly Tensor[]>;
}

/** Whether records travel as one array of 32-bit floats; Python gets columns of doubles. */
export function takesMatrix({ kind, signature }: Runtime): boolean {
  const [input] = signature.inputs;
  const isTable = signature.inputs.length === 1 && input?.shape.length === 2 && input.datatype !== 'BYTES';
  return kind !== 'python' && isTable;
}

export interface ServedModelOptions {
  readonly concurrency: number | null;
  readonly onBreaker?: (change: BreakerChange) => void;
}

/** Calls at once: in this process, and to a worker of Python, one is as many as there can be; a child's next is sent while one runs. */
function usualConcurrency(runtime: Runtime): number {
  if (runtime.kind === 'python') return runtime.describe().workers?.of ?? 1;
  if (runtime.kind === 'remote') return callsToRemote;
  return runtime.kind === 'onnx-process' ? 2 : 1;
}

const callsToRemote = 8;
/** Large tensors may be computed on a thread: the next need not wait for them. */
const wholeCalls = 2;

export function createServedModel(
  runtime: Runtime,
  version: ModelVersion,
  options: ServedModelOptions = { concurrency: null },
): ServedModel {
  const concurrency = options.concurrency ?? usualConcurrency(runtime);
  const work: BatchWork<readonly Tensor[], readonly Tensor[]> = {
    run: (inputs, rowCount) => runTable(runtime, version, inputs, rowCount),
    join: joinRows,
    part: (outputs, from, to, rowCount) => outputs.map((output) => sliceRows(output, from, to, rowCount)),
  };
  const whole: BatchWork<WholeRequest, readonly Tensor[]> = {
    run: ({ inputs, wanted }) => runtime.infer(inputs, wanted),
    join: ([first]) => first as WholeRequest,
    part: (outputs) => outputs,
  };
  return {
    runtime,
    breaker: createBreaker(usualBreaker, options.onBreaker),
    table: createMicroBatch(work, { concurrency }),
    whole: createMicroBatch(whole, { concurrency: Math.max(concurrency, wholeCalls), maximumRows: 0 }),
  };
}

/** What has one output of numbers is asked for just that; the rest by tensors, or by columns. */
async function runTable(
  runtime: Runtime,
  version: ModelVersion,
  inputs: readonly Tensor[],
  rowCount: number,
): Promise<readonly Tensor[]> {
  const [only] = inputs;
  const isMatrix = inputs.length === 1 && only?.shape.length === 2 && only.data instanceof Float32Array;
  const output = singleOutput(runtime);
  if (only && isMatrix && output !== null) {
    const data = await runtime.predict(only.data as Float32Array, rowCount, only.shape[1] ?? 0);
    return [toNumbersTensor(output, data, rowCount)];
  }
  // Columns keep what a tensor has no place for: values that are missing.
  if (runtime.kind === 'python' && runtime.predictTable)
    return toTensors(await runtime.predictTable(toColumns(version, inputs), rowCount), rowCount);
  return runtime.infer(castInputs(runtime.signature.inputs, inputs));
}

/** Of a model that gives a number, or several, for each row, and nothing else. */
function singleOutput({ signature: { outputs } }: Runtime): string | null {
  const [only] = outputs;
  const isNumbers = only && !['BYTES', 'BOOL'].includes(only.datatype) && only.shape.length <= 2;
  return outputs.length === 1 && isNumbers ? only.name : null;
}

function toNumbersTensor(name: string, data: Float32Array | Float64Array, rowCount: number): Tensor {
  const width = data.length / rowCount;
  const datatype = data instanceof Float32Array ? 'FP32' : 'FP64';
  return { name, datatype, shape: width === 1 ? [rowCount] : [rowCount, width], data };
}

function toColumns({ inputs }: ModelVersion, tensors: readonly Tensor[]): Map<string, Column> {
  const [only] = tensors;
  if (tensors.length > 1 || !only || (only.shape[1] ?? 1) === 1)
    return new Map(tensors.map(({ name, data }): [string, Column] => [name, toColumn(data)]));
  const [rows = 0, width = 0] = only.shape;
  return new Map(
    inputs.map(({ name }, i): [string, Column] => [
      name,
      Float64Array.from({ length: rows }, (_, row) => Number(only.data[row * width + i])),
    ]),
  );
}

function toColumn(data: TensorData): Column {
  if (data instanceof Float64Array) return data;
  if (Array.isArray(data)) return data as readonly string[];
  return Float64Array.from(data as ArrayLike<number | bigint>, Number);
}

/** An array of several columns without names of their own is one output. */
export function toTensors({ names, columns }: Outputs, rowCount: number): Tensor[] {
  const isArray = names.length > 1 && names.every((name, i) => name === String(i));
  if (isArray && columns.every((column) => column instanceof Float64Array)) {
    const width = columns.length;
    const data = new Float64Array(rowCount * width);
    for (const [i, column] of columns.entries())
      for (let row = 0; row < rowCount; row++) data[row * width + i] = column[row] as number;
    return [{ name: 'prediction', datatype: 'FP64', shape: [rowCount, width], data }];
  }
  return columns.map((column, i) =>
    column instanceof Float64Array
      ? { name: names[i] ?? '', datatype: 'FP64', shape: [column.length], data: column }
      : {
          name: names[i] ?? '',
          datatype: 'BYTES',
          shape: [column.length],
          data: column.map((each) => each ?? ''),
        },
  );
}

/** Rows of requests that have the same inputs, one below the other. */
function joinRows(requests: readonly (readonly Tensor[])[], rowCount: number): readonly Tensor[] {
  const [first = []] = requests;
  return first.map(({ name, datatype, shape }, i) => ({
    name,
    datatype,
    shape: [rowCount, ...shape.slice(1)],
    data: concatenate(requests.map((inputs) => (inputs[i] as Tensor).data)),
  }));
}

type Typed = Extract<TensorData, { readonly buffer: unknown }>;

function concatenate(parts: readonly TensorData[]): TensorData {
  const [first] = parts;
  if (!first || Array.isArray(first)) return (parts as (string | Uint8Array)[][]).flat();
  const Kind = first.constructor as new (length: number) => Typed;
  const all = new Kind(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    (all as Float32Array).set(part as Float32Array, offset);
    offset += part.length;
  }
  return all;
}

/** Without copying. */
export function sliceRows(tensor: Tensor, from: number, to: number, rowCount: number): Tensor {
  const width = tensor.data.length / rowCount;
  const data = Array.isArray(tensor.data)
    ? tensor.data.slice(from * width, to * width)
    : (tensor.data as Float32Array).subarray(from * width, to * width);
  return { ...tensor, shape: [to - from, ...tensor.shape.slice(1)], data };
}
