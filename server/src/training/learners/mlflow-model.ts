/** The folder that `mlflow.pyfunc.load_model` opens, as a map of path to bytes. */
import { parseDocument, stringify } from 'yaml';
import type { FeatureRange } from './feature-range.ts';
import type { FeatureMatrix } from './learner.ts';

export interface MlflowModelInput {
  readonly onnx: Uint8Array;
  /** Names the inputs of the signature; its first rows become the input example. */
  readonly example: FeatureMatrix;
  readonly trainingRange: readonly FeatureRange[];
  readonly runId: string;
  readonly modelUuid: string;
  readonly createdAt: Date;
}

export interface SignatureField {
  /** Empty for a single unnamed tensor. */
  readonly name: string;
  /** An MLflow column type such as 'double', or 'tensor(float32)'. */
  readonly type: string;
  /** False where a column may be left out. */
  readonly required?: boolean;
  /** Of a tensor; -1 may be of any length. */
  readonly shape?: readonly number[];
}

export interface MLmodel {
  readonly signature: {
    readonly inputs: readonly SignatureField[];
    readonly outputs: readonly SignatureField[];
    /** What a prediction may be given beside its rows. */
    readonly parameters: readonly SignatureField[];
  };
  readonly flavors: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly runId: string | null;
  /** The file in the folder that shows what a request looks like. */
  readonly examplePath: string | null;
  readonly mlflowVersion: string | null;
  /** Empty for a model that another system trained. */
  readonly trainingRange: readonly FeatureRange[];
}

/** The text is no MLmodel file that can be used. */
export class MLmodelFormatError extends Error {
  override readonly name = 'MLmodelFormatError';
}

const PYTHON_VERSION = '3.12.0';
const EXAMPLE_ROWS = 5;
const MAX_TEXT_LENGTH = 4_000_000;
/** The oldest packages that read opset 17 and ai.onnx.ml 3, load this folder, and have no fault in advisories.json. */
export const modelRequirements = [
  'mlflow>=2.9',
  'onnx>=1.16.0',
  'onnxruntime>=1.17',
  'numpy>=1.26',
  'pandas>=2.1',
];
const ONNX_VERSION = '1.16.0';

/** Pure: the same input gives the same bytes. */
export function buildMlflowModel(input: MlflowModelInput): ReadonlyMap<string, Uint8Array> {
  const encoder = new TextEncoder();
  const text = (value: string) => encoder.encode(value);
  return new Map([
    ['MLmodel', text(toYaml(buildMLmodel(input)))],
    ['model.onnx', input.onnx],
    ['requirements.txt', text(`${modelRequirements.join('\n')}\n`)],
    ['python_env.yaml', text(toYaml(pythonEnvironment()))],
    ['conda.yaml', text(toYaml(condaEnvironment()))],
    ['input_example.json', text(JSON.stringify(buildExample(input.example)))],
  ]);
}

// MLflow reads with PyYAML, which is YAML 1.1: dates, 'yes' and 'no' need quotes there.
function toYaml(value: unknown): string {
  return stringify(value, { version: '1.1', lineWidth: 0 });
}

function buildMLmodel(input: MlflowModelInput): unknown {
  return {
    flavors: {
      onnx: {
        code: null,
        data: 'model.onnx',
        onnx_session_options: null,
        onnx_version: ONNX_VERSION,
        providers: ['CPUExecutionProvider'],
      },
      python_function: {
        data: 'model.onnx',
        env: { conda: 'conda.yaml', virtualenv: 'python_env.yaml' },
        loader_module: 'mlflow.onnx',
        python_version: PYTHON_VERSION,
      },
    },
    // Text, as the signature is: PyYAML would read the number 1e-7 as a string.
    metadata: { tidemill: { training_range: JSON.stringify(input.trainingRange) } },
    model_uuid: input.modelUuid,
    run_id: input.runId,
    saved_input_example_info: {
      artifact_path: 'input_example.json',
      pandas_orient: 'split',
      type: 'dataframe',
    },
    signature: {
      inputs: JSON.stringify(input.example.names.map(doubleColumn)),
      outputs: JSON.stringify([doubleColumn('prediction')]),
      params: null,
    },
    utc_time_created: toMlflowTime(input.createdAt),
  };
}

function doubleColumn(name: string): unknown {
  return { type: 'double', name, required: true };
}

function toMlflowTime(time: Date): string {
  return `${time.toISOString().replace('T', ' ').replace('Z', '')}000`;
}

function pythonEnvironment(): unknown {
  return {
    python: PYTHON_VERSION,
    build_dependencies: ['pip', 'setuptools', 'wheel'],
    dependencies: ['-r requirements.txt'],
  };
}

function condaEnvironment(): unknown {
  return {
    channels: ['conda-forge'],
    dependencies: [`python=${PYTHON_VERSION}`, 'pip', { pip: modelRequirements }],
    name: 'mlflow-env',
  };
}

function buildExample(example: FeatureMatrix): unknown {
  const rows = Array.from({ length: Math.min(EXAMPLE_ROWS, example.rows) }, (_, row) =>
    example.columns.map((column) => column[row] ?? null),
  );
  return { columns: example.names, data: rows };
}

/**
 * Reads an MLmodel file, ours or MLflow's.
 * @throws MLmodelFormatError on broken YAML, unknown tags, or a missing `flavors`.
 */
export function parseMLmodel(text: string): MLmodel {
  const root = parseSafeYaml(text);
  const flavors = root.flavors;
  if (!isRecord(flavors) || !Object.values(flavors).every(isRecord)) {
    throw new MLmodelFormatError("The MLmodel file has no 'flavors'; log the model again with MLflow.");
  }
  const signature = isRecord(root.signature) ? root.signature : {};
  const example = root.saved_input_example_info;
  const own = isRecord(root.metadata) && isRecord(root.metadata.tidemill) ? root.metadata.tidemill : {};
  return {
    signature: {
      inputs: parseFields(signature.inputs, 'signature.inputs'),
      outputs: parseFields(signature.outputs, 'signature.outputs'),
      parameters: parseFields(signature.params, 'signature.params'),
    },
    flavors: flavors as MLmodel['flavors'],
    runId: textOf(root.run_id),
    examplePath: isRecord(example) ? textOf(example.artifact_path) : null,
    mlflowVersion: textOf(root.mlflow_version),
    trainingRange: parseJsonList(own.training_range, 'metadata.tidemill.training_range').filter(
      isFeatureRange,
    ),
  };
}

function parseSafeYaml(text: string): Record<string, unknown> {
  if (text.length > MAX_TEXT_LENGTH) {
    throw new MLmodelFormatError(
      `The MLmodel file has over ${MAX_TEXT_LENGTH} characters; it cannot be one.`,
    );
  }
  const document = parseDocument(text, { version: '1.1', schema: 'core', customTags: [], merge: false });
  // An unknown tag such as !!python/object is only a warning to the parser; here it ends the reading.
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem)
    throw new MLmodelFormatError(`The MLmodel file is no plain YAML: ${problem.message}`, { cause: problem });
  const root: unknown = readDocument(document);
  if (isRecord(root)) return root;
  throw new MLmodelFormatError('The MLmodel file is not a YAML mapping; log the model again with MLflow.');
}

function readDocument(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new MLmodelFormatError('The MLmodel file repeats itself too often through aliases.', { cause });
  }
}

function parseFields(json: unknown, where: string): readonly SignatureField[] {
  return parseJsonList(json, where).map((field) => {
    const { name, type, required, 'tensor-spec': tensor } = isRecord(field) ? field : {};
    const tensorType = isRecord(tensor) ? `tensor(${String(tensor.dtype)})` : null;
    const shape =
      isRecord(tensor) && Array.isArray(tensor.shape) ? tensor.shape.filter(Number.isInteger) : null;
    return {
      name: typeof name === 'string' ? name : '',
      type: tensorType ?? String(type),
      ...(required === false && { required }),
      ...(shape && { shape: shape as number[] }),
    };
  });
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function parseJsonList(json: unknown, where: string): readonly unknown[] {
  if (json === undefined || json === null) return [];
  try {
    const value: unknown = JSON.parse(String(json));
    if (Array.isArray(value)) return value;
  } catch (cause) {
    throw new MLmodelFormatError(`'${where}' in the MLmodel file is no JSON; log the model again.`, {
      cause,
    });
  }
  throw new MLmodelFormatError(`'${where}' in the MLmodel file is no list; log the model again.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFeatureRange(value: unknown): value is FeatureRange {
  return (
    isRecord(value) &&
    typeof value.name === 'string' &&
    typeof value.min === 'number' &&
    typeof value.max === 'number'
  );
}
