import { InferenceSession, Tensor } from 'onnxruntime-node';
import { assertFeatures, assertShape } from './shape.ts';

type Metadata = InferenceSession.ValueMetadata;
type TensorMetadata = Extract<Metadata, { isTensor: true }>;

export interface OnnxSession {
  run(rows: Float32Array, rowCount: number, featureCount: number): Promise<Float64Array | Float32Array>;
  release(): Promise<void>;
}

const numeric = ['float32', 'float64', 'int64', 'int32'];
const isNumeric = (value: Metadata): value is TensorMetadata =>
  value.isTensor && numeric.includes(value.type);

/** Classifiers give a label and probabilities; the probabilities say more. */
function chosenOutput(outputs: readonly Metadata[], wanted: string | undefined): string {
  const tensors = outputs.filter(isNumeric);
  const floats = tensors.filter(({ type }) => type.startsWith('float'));
  const named = tensors.find(({ name }) => name === wanted);
  const chosen =
    wanted === undefined ? (floats.find(({ name }) => /prob/i.test(name)) ?? floats[0] ?? tensors[0]) : named;
  if (chosen) return chosen.name;
  const names = outputs.map(({ name }) => name).join(', ');
  throw new Error(`none of its outputs (${names}) ${wanted ? `is '${wanted}'` : 'is a tensor of numbers'}`);
}

/** The one input of rows by features; models with an input per column are not ours to feed. */
function chosenInput(inputs: readonly Metadata[]): TensorMetadata {
  const [input] = inputs;
  if (inputs.length !== 1 || !input || !isNumeric(input))
    throw new Error(`it has ${inputs.length} inputs where one tensor of rows by features is needed`);
  return input;
}

function inputTensor(type: Tensor.Type, rows: Float32Array, shape: readonly number[]): Tensor {
  if (type === 'float64') return new Tensor('float64', Float64Array.from(rows), shape);
  if (type === 'int64')
    return new Tensor(
      'int64',
      BigInt64Array.from(rows, (value) => BigInt(Math.trunc(value))),
      shape,
    );
  if (type === 'int32') return new Tensor('int32', Int32Array.from(rows), shape);
  return new Tensor('float32', rows, shape);
}

function numbersOf(tensor: Tensor): Float64Array | Float32Array {
  const { data } = tensor;
  if (data instanceof Float32Array || data instanceof Float64Array) return data;
  return Float64Array.from(data as ArrayLike<number | bigint>, Number);
}

/**
 * One thread, one after another: measured faster for small batches than onnxruntime's own thread pool, which
 * would also take cores from the requests.
 */
export async function openSession(path: string, output?: string): Promise<OnnxSession> {
  const session = await InferenceSession.create(path, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  });
  const input = chosenInput(session.inputMetadata);
  const outputName = chosenOutput(session.outputMetadata, output);
  const width = input.shape[1];

  async function run(rows: Float32Array, rowCount: number, featureCount: number) {
    assertShape(rows, rowCount, featureCount);
    if (typeof width === 'number' && width > 0) assertFeatures(width, featureCount);
    const feeds = { [input.name]: inputTensor(input.type, rows, [rowCount, featureCount]) };
    const reply = (await session.run(feeds, [outputName]))[outputName];
    if (!reply) throw new Error(`it gave no output '${outputName}'`);
    return numbersOf(reply);
  }

  // The first run allocates; better now than in the first request.
  if (typeof width === 'number' && width > 0) await run(new Float32Array(width), 1, width);
  return { run, release: () => session.release() };
}
