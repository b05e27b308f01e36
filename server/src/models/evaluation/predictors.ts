/** Models as functions of columns: loaded as they are, or fitted again where they had seen the rows to judge on. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetVersion, ModelVersion } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import type { OpenRuntime, Runtime, RuntimeSource } from '../../adapters/inference/inference.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { ifThere } from '../../base/if-there.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Learners, Recipe, TrainingTable } from '../../training/learners/service.ts';
import type { Registry } from '../registry/service.ts';
import { findNewest } from './reading/window-table.ts';
import { isUnseen, type WindowBounds } from './rules.ts';

export interface PredictorDependencies {
  readonly registry: Pick<Registry, 'onnxFile' | 'pythonModel'>;
  readonly datasets: Pick<Datasets, 'resolve' | 'source'>;
  readonly learners: Pick<Learners, 'parseRecipe' | 'read' | 'train'>;
  readonly analytics: Pick<Analytics, 'columns'>;
  readonly openRuntime: OpenRuntime;
  readonly tempFolder: string;
}

export interface Judged {
  readonly refitted: boolean;
  readonly notes: readonly string[];
  readonly prediction: Float64Array;
}

export interface JudgedWindow {
  readonly bounds: WindowBounds;
  readonly label: string;
  readonly timeColumn: string;
}

export interface Scoring {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Float64Array>;
  /** Of columns of text: what their values are places in. */
  readonly texts?: ReadonlyMap<string, readonly string[]>;
}

export interface OpenOptions {
  readonly signal?: AbortSignal;
  /** Told what is done before the model can be asked. */
  readonly onStep?: (step: string) => void;
}

/** A model that is asked many times. */
export interface OpenedModel {
  /** Column by column: one number a row, or a probability for each class. */
  predict(scoring: Scoring): Promise<Float64Array[]>;
  close(): Promise<void>;
}

const batchRows = 8192;

export function createPredictors(deps: PredictorDependencies) {
  /** The model's predictions for rows it has never seen: its own, or those of its recipe on the rows before. */
  async function predictUnseen(
    model: ModelVersion,
    scoring: Scoring,
    window: JudgedWindow,
    workspace: string,
    signal?: AbortSignal,
  ): Promise<Judged> {
    if (model.recipe === null) {
      const notes = await noteSeen(model, window, workspace);
      return { refitted: false, notes, prediction: await predict(model, scoring) };
    }
    const recipe = deps.learners.parseRecipe(model.recipe, model.reference);
    const trained = await readTrainingSet(recipe, workspace, signal);
    if (isUnseen(window.bounds.from, trained.table.time, recipe)) {
      return { refitted: false, notes: [], prediction: await predict(model, scoring) };
    }
    const earlier = keepBefore(trained.table, window.bounds.from);
    if (earlier.target.length < 2) {
      const reason = `${model.reference} learned from its rows, and only ${earlier.target.length} rows of ${trained.version.reference} lie before ${window.label} to fit its recipe again`;
      throw errors.evaluationWindowInvalid({ dataset: trained.version.reference, reason });
    }
    const { files } = await deps.learners.train(earlier, { ...recipe, holdout: 0 }, signal ? { signal } : {});
    const note = `${model.reference} had learned from rows of the window; its recipe was fitted again on the ${earlier.target.length} rows of ${trained.version.reference} before ${window.label}, and that is judged.`;
    const prediction = await predictFiles(model, files, scoring);
    return { refitted: true, notes: [note], prediction };
  }

  /** A command's model cannot be fitted again, but what its run read may have ended before the window. */
  async function noteSeen(
    { reference, trainingSet }: ModelVersion,
    { bounds, timeColumn }: JudgedWindow,
    workspace: string,
  ): Promise<string[]> {
    const version =
      trainingSet === null ? null : await ifThere(deps.datasets.resolve(trainingSet, workspace));
    if (version?.columns.some(({ name }) => name === timeColumn)) {
      const newest = await findNewest(
        deps.analytics,
        version,
        await deps.datasets.source(version),
        timeColumn,
      );
      if (newest !== null && newest < bounds.from) return [];
      return [
        `${reference} read ${version.reference}, which has rows of the window: it may have learned from them.`,
      ];
    }
    return [
      `How ${reference} was trained is not known (it has no recipe): rows of the window may be among those it learned from.`,
    ];
  }

  async function readTrainingSet(
    recipe: Recipe,
    workspace: string,
    signal?: AbortSignal,
  ): Promise<{ version: DatasetVersion; table: TrainingTable }> {
    const version = await deps.datasets.resolve(recipe.trainingSet.reference, workspace);
    const source: TableSource = await deps.datasets.source(version);
    const columns = { ...recipe, reference: version.reference };
    return { version, table: await deps.learners.read(source, columns, signal) };
  }

  /** The registered model itself, whatever it has seen. */
  async function predict(model: ModelVersion, scoring: Scoring): Promise<Float64Array> {
    return run(model, await sourceOf(model), scoring);
  }

  /** ONNX where there is one, as it needs no other process. */
  async function sourceOf(model: ModelVersion): Promise<RuntimeSource> {
    if (!model.flavors.includes('onnx') && model.flavors.includes('python_function'))
      return { kind: 'python', ...(await deps.registry.pythonModel(model)) };
    const { path } = await deps.registry.onnxFile(model);
    return { kind: 'onnx', model: model.reference, path };
  }

  async function predictFiles(
    model: ModelVersion,
    files: ReadonlyMap<string, Uint8Array>,
    scoring: Scoring,
  ): Promise<Float64Array> {
    const folder = join(deps.tempFolder, newId('refit'));
    await mkdir(folder, { recursive: true });
    try {
      const path = join(folder, 'model.onnx');
      await writeFile(path, files.get('model.onnx') ?? new Uint8Array());
      return await run(model, { kind: 'onnx', model: model.reference, path }, scoring);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function run(model: ModelVersion, source: RuntimeSource, scoring: Scoring): Promise<Float64Array> {
    const runtime = await deps.openRuntime(source);
    try {
      return await predictBatches(runtime, model, scoring);
    } finally {
      await runtime.close();
    }
  }

  async function open(model: ModelVersion, { signal, onStep }: OpenOptions = {}): Promise<OpenedModel> {
    onStep?.(`opening ${model.reference}`);
    const source = await sourceOf(model);
    const onBuild = (tool: string) =>
      onStep?.(`building the Python environment of ${model.reference} with ${tool}`);
    const runtime = await deps.openRuntime(source.kind === 'python' ? { ...source, onBuild } : source);
    return {
      predict: (scoring) => predictWide(runtime, model, scoring, signal),
      close: () => runtime.close(),
    };
  }

  /** What the model gives, column by column: one number a row, or a probability for each class. */
  async function predictColumns(
    model: ModelVersion,
    scoring: Scoring,
    options: OpenOptions = {},
  ): Promise<Float64Array[]> {
    const opened = await open(model, options);
    try {
      options.onStep?.(`predicting ${scoring.rows} rows with ${model.reference}`);
      return await opened.predict(scoring);
    } finally {
      await opened.close();
    }
  }

  return { open, predict, predictColumns, predictFiles, predictUnseen, readTrainingSet };
}

/** @throws evaluationOutputInvalid unless there is one finite number per row */
async function predictBatches(
  runtime: Runtime,
  model: ModelVersion,
  scoring: Scoring,
): Promise<Float64Array> {
  const prediction = new Float64Array(scoring.rows);
  for (let start = 0; start < scoring.rows; start += batchRows) {
    const count = Math.min(batchRows, scoring.rows - start);
    const reply = await predictRows(runtime, model, scoring, start, count);
    if (reply.length !== count) {
      const reason = `it gives ${reply.length / count} numbers per row`;
      throw errors.evaluationOutputInvalid({ model: model.reference, reason });
    }
    prediction.set(reply, start);
  }
  const broken = prediction.reduce((sum, value) => sum + (Number.isFinite(value) ? 0 : 1), 0);
  if (broken === 0) return prediction;
  const reason = `${broken} of ${scoring.rows} are not finite numbers`;
  throw errors.evaluationOutputInvalid({ model: model.reference, reason });
}

/** In memory that threads share. */
async function predictWide(
  runtime: Runtime,
  model: ModelVersion,
  scoring: Scoring,
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const columns: Float64Array[] = [];
  for (let start = 0; start < scoring.rows; start += batchRows) {
    signal?.throwIfAborted();
    const count = Math.min(batchRows, scoring.rows - start);
    const reply = await predictRows(runtime, model, scoring, start, count);
    const width = reply.length / count;
    for (let column = 0; column < width; column += 1) {
      columns[column] ??= new Float64Array(new SharedArrayBuffer(8 * scoring.rows));
      const values = columns[column] as Float64Array;
      for (let row = 0; row < count; row += 1) values[start + row] = reply[row * width + column] as number;
    }
  }
  return columns;
}

/** Doubles where the runtime takes them: a tree that was fitted on doubles splits between neighbouring ones. */
async function predictRows(
  runtime: Runtime,
  model: ModelVersion,
  scoring: Scoring,
  start: number,
  count: number,
): Promise<Float64Array | Float32Array> {
  const inputs = model.inputs.map(({ name }) => scoring.columns.get(name) ?? new Float64Array());
  if (!runtime.predictTable) return runtime.predict(toRowMajor(inputs, start, count), count, inputs.length);
  const columns = new Map(
    inputs.map((column, i) => {
      const name = model.inputs[i]?.name ?? '';
      const labels = scoring.texts?.get(name);
      const values = column.slice(start, start + count);
      return [name, labels ? Array.from(values, (code) => labels[code] ?? null) : values];
    }),
  );
  const { names, columns: outputs } = await runtime.predictTable(columns, count);
  const values = new Float64Array(count * outputs.length);
  for (const [i, output] of outputs.entries()) {
    if (!(output instanceof Float64Array)) {
      const reason = `its output '${names[i]}' holds text (${output.slice(0, 3).join(', ')})`;
      throw errors.evaluationOutputInvalid({ model: model.reference, reason });
    }
    for (let row = 0; row < count; row += 1) values[row * outputs.length + i] = output[row] as number;
  }
  return values;
}

function toRowMajor(inputs: readonly Float64Array[], start: number, count: number): Float32Array {
  const rows = new Float32Array(count * inputs.length);
  inputs.forEach((column, feature) => {
    for (let row = 0; row < count; row += 1) {
      rows[row * inputs.length + feature] = column[start + row] ?? Number.NaN;
    }
  });
  return rows;
}

function keepBefore(table: TrainingTable, time: number): TrainingTable {
  const after = table.time.findIndex((value) => value >= time);
  const end = after < 0 ? table.time.length : after;
  const { names, columns } = table.features;
  return {
    features: { names, rows: end, columns: columns.map((column) => column.slice(0, end)) },
    target: table.target.slice(0, end),
    time: table.time.slice(0, end),
  };
}

/** @throws evaluationInputsMissing naming every column the model takes and the dataset lacks */
export function assertInputs(
  model: ModelVersion,
  version: Pick<DatasetVersion, 'reference'> & { readonly columns: readonly { readonly name: string }[] },
): void {
  const known = version.columns.map((column) => column.name);
  const missing = model.inputs
    .map((input) => input.name)
    .filter((name) => !known.includes(name))
    .map((name) => name || '(an input without a name)');
  if (missing.length === 0 && model.inputs.length > 0) return;
  throw errors.evaluationInputsMissing({
    model: model.reference,
    dataset: version.reference,
    missing: missing.join(', ') || '(its signature names none)',
    known: known.join(', '),
  });
}
