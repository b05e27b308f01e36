/** One ONNX model loaded: tensors in, tensors out, and the short way of one matrix of numbers. Both run on the thread that calls. */
import type { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { errors } from '../../base/errors.ts';
import type { RuntimeSource, Signature } from './inference.ts';
import { loadSession } from './onnx-load.ts';
import { fromOnnx, specOf, toOnnx } from './onnx-tensors.ts';
import { assertFeatures, assertShape, reasonOf } from './shape.ts';
import { arrayOf, castData, chooseOutputs, fitInputs, sizeOf, toNumbers } from './tensor-fit.ts';
import { inputsOfRows } from './tensor-table.ts';
import type { Tensor, TensorSpec } from './tensors.ts';

export interface OnnxSession {
  readonly signature: Signature;
  run(rows: Float32Array, rowCount: number, featureCount: number): Promise<Float64Array | Float32Array>;
  infer(inputs: readonly Tensor[], wanted?: readonly string[]): Promise<readonly Tensor[]>;
  /** Rows of nothing, and how long they took; null where that is no input for it, or it computes elsewhere. */
  tryOut(rowCount: number): Promise<{ ms: number; valueCount: number } | null>;
  release(): Promise<void>;
}

export type OnnxSource = Extract<RuntimeSource, { path: string }>;

function signatureOf({ inputMetadata, outputMetadata }: InferenceSession): Signature {
  const inputs = inputMetadata.map((metadata) => {
    const spec = specOf(metadata);
    if (!spec) throw new Error(`its input '${metadata.name}' is a sequence or a map, where a tensor must be`);
    return spec;
  });
  // Sequences and maps cannot be taken out of onnxruntime here; what else the model gives can.
  const outputs = outputMetadata.flatMap((metadata) => specOf(metadata) ?? []);
  if (outputs.length > 0) return { inputs, outputs };
  const names = outputMetadata.map(({ name }) => `'${name}'`).join(', ');
  throw new Error(`its outputs (${names}) are sequences or maps, where a tensor must be`);
}

/** Classifiers give a label and probabilities; the probabilities say more. */
function chosenOutput(outputs: readonly TensorSpec[], wanted: string | undefined): string | null {
  if (wanted !== undefined) {
    const named = outputs.find(({ name, datatype }) => name === wanted && datatype !== 'BYTES');
    if (named) return named.name;
    const names = outputs.map(({ name }) => name).join(', ');
    throw new Error(`none of its outputs (${names}) is '${wanted}'`);
  }
  const numbers = outputs.filter(({ datatype }) => datatype !== 'BYTES' && datatype !== 'BOOL');
  const floats = numbers.filter(({ datatype }) => datatype.startsWith('FP'));
  return (floats.find(({ name }) => /prob/i.test(name)) ?? floats[0] ?? numbers[0])?.name ?? null;
}

/** What onnxruntime found wrong with the input is the caller's to mend, the rest the model's author's. */
function failureOf(model: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const shape = /invalid (?:dimensions|rank) for input: (\S+)(?:.|\n)*?Got: (\S+) Expected: (\S+)/i.exec(
    message,
  );
  if (shape) {
    const [, name = '', found = '', expected = ''] = shape;
    return errors.modelInputInvalid({ expected: `${expected} in a dimension of '${name}'`, found });
  }
  return errors.modelRaised({ model, type: 'an error of onnxruntime', message: reasonOf(error), frames: '' });
}

/** @throws `Error` in a sentence that goes on "cannot be loaded: " */
export async function openSession({ model, path, output }: OnnxSource): Promise<OnnxSession> {
  const session = await loadSession(path);
  const signature = signatureOf(session);
  const outputName = chosenOutput(signature.outputs, output);
  const [input] = signature.inputs;
  const isTable = signature.inputs.length === 1 && input?.shape.length === 2 && input.datatype !== 'BYTES';
  const width = isTable ? (input.shape[1] ?? -1) : -1;

  async function execute(feeds: Record<string, OnnxTensor>, names: readonly string[]) {
    try {
      return await session.run(feeds, names as string[]);
    } catch (error) {
      throw failureOf(model, error);
    }
  }

  async function infer(inputs: readonly Tensor[], wanted?: readonly string[]): Promise<readonly Tensor[]> {
    const fitted = fitInputs(signature.inputs, inputs);
    const names = chooseOutputs(signature.outputs, wanted);
    const reply = await execute(Object.fromEntries(fitted.map((each) => [each.name, toOnnx(each)])), names);
    return names.map((name) => fromOnnx(name, reply[name] as OnnxTensor));
  }

  async function run(rows: Float32Array, rowCount: number, featureCount: number) {
    assertShape(rows, rowCount, featureCount);
    if (width > 0) assertFeatures(width, featureCount);
    if (outputName === null)
      throw errors.modelOutputInvalid({ model, found: 'text alone', expected: 'a tensor of numbers' });
    if (!isTable) {
      const [found] = await infer(inputsOfRows(signature.inputs, rows, rowCount, featureCount), [outputName]);
      return toNumbers(found as Tensor);
    }
    const { name, datatype } = input;
    const shape = [rowCount, featureCount];
    const data = castData({ name, datatype: 'FP32', shape, data: rows }, datatype);
    const reply = await execute({ [name]: toOnnx({ name, datatype, shape, data }) }, [outputName]);
    return toNumbers(fromOnnx(outputName, reply[outputName] as OnnxTensor));
  }

  async function tryOut(rowCount: number) {
    const inputs = signature.inputs.map((spec) => zerosFor(spec, rowCount));
    const start = performance.now();
    await infer(inputs);
    const valueCount = inputs.reduce((sum, { data }) => sum + data.length, 0);
    return { ms: performance.now() - start, valueCount };
  }

  // The first run allocates; better now than in the first request. What zeros are no input for will be told to those who ask.
  await tryOut(1).catch(() => null);
  return { signature, run, infer, tryOut, release: () => session.release() };
}

function zerosFor({ name, datatype, shape }: TensorSpec, rowCount: number): Tensor {
  const sizes = shape.map((size, i) => (size !== -1 ? size : i === 0 ? rowCount : 1));
  const size = sizeOf(sizes);
  if (datatype === 'BYTES') return { name, datatype, shape: sizes, data: new Array<string>(size).fill('') };
  return { name, datatype, shape: sizes, data: new (arrayOf(datatype))(size) };
}
