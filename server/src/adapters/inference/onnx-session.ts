/** One ONNX model loaded: tensors in, tensors out, and the short way of one matrix of numbers. Both run on the thread that calls. */
import { readFile, stat } from 'node:fs/promises';
import { InferenceSession, type Tensor as OnnxTensor } from 'onnxruntime-node';
import { errors } from '../../base/errors.ts';
import type { Signature } from './inference.ts';
import { fromOnnx, specOf, toOnnx } from './onnx-tensors.ts';
import { withoutZipMaps } from './onnx-zipmap.ts';
import { assertFeatures, assertShape, reasonOf } from './shape.ts';
import { castData, chooseOutputs, fitInputs, toNumbers } from './tensor-fit.ts';
import { inputsOfRows } from './tensor-table.ts';
import type { Tensor, TensorSpec } from './tensors.ts';

export interface OnnxSession {
  readonly signature: Signature;
  run(rows: Float32Array, rowCount: number, featureCount: number): Promise<Float64Array | Float32Array>;
  infer(inputs: readonly Tensor[], wanted?: readonly string[]): Promise<readonly Tensor[]>;
  release(): Promise<void>;
}

/**
 * One thread, one after another: measured faster for small batches than onnxruntime's own thread pool, which
 * would also take cores from the requests.
 */
const options: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 3,
};

/** A classifier's file, to be read whole and written anew, is never larger. */
const largestEdited = 256 * 1024 ** 2;

async function load(path: string): Promise<InferenceSession> {
  const session = await InferenceSession.create(path, options);
  if (session.outputMetadata.every(({ isTensor }) => isTensor)) return session;
  if ((await stat(path)).size > largestEdited) return session;
  const edited = withoutZipMaps(await readFile(path));
  if (!edited) return session;
  await session.release();
  return InferenceSession.create(edited, options);
}

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
export async function openSession(model: string, path: string, output?: string): Promise<OnnxSession> {
  const session = await load(path);
  const signature = signatureOf(session);
  const outputName = chosenOutput(signature.outputs, output);
  const [input] = signature.inputs;
  const isTable = signature.inputs.length === 1 && input?.shape.length === 2 && input.datatype !== 'BYTES';
  const width = isTable ? (input.shape[1] ?? -1) : -1;

  const execute = (feeds: Record<string, OnnxTensor>, names: readonly string[]) =>
    session.run(feeds, names as string[]).catch((error: unknown) => {
      throw failureOf(model, error);
    });

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

  // The first run allocates; better now than in the first request. What zeros are no input for will be told to those who ask.
  await infer(signature.inputs.map(zerosFor)).catch(() => undefined);
  return { signature, run, infer, release: () => session.release() };
}

/** One row of it. */
function zerosFor({ name, datatype, shape }: TensorSpec): Tensor {
  const sizes = shape.map((size) => (size === -1 ? 1 : size));
  const size = sizes.reduce((product, each) => product * each, 1);
  if (datatype === 'BYTES') return { name, datatype, shape: sizes, data: new Array<string>(size).fill('') };
  const bits: Tensor = { name, datatype: 'FP32', shape: sizes, data: new Float32Array(size) };
  return { ...bits, datatype, data: castData(bits, datatype) };
}
