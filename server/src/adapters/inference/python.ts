/** MLflow models of any flavor, each in a Python worker of its own with the environment that it asks for. */
import { mkdir } from 'node:fs/promises';
import { delimiter, dirname } from 'node:path';
import { errors } from '../../base/errors.ts';
import type { Column, PythonSource, Runtime } from './inference.ts';
import { layOutFolder } from './model-folder.ts';
import { type EnvironmentDependencies, modelPython } from './python-environment.ts';
import { type ModelOptions, openPythonModel } from './python-model.ts';
import { openPythonPool, type PythonPool } from './python-pool.ts';
import { columnsOfRows, toRowMajor } from './python-table.ts';
import { startWorker } from './python-worker.ts';
import { assertFeatures, assertShape, reasonOf } from './shape.ts';
import { castInputs, chooseOutputs, fitInputs, isColumn } from './tensor-fit.ts';
import type { Tensor } from './tensors.ts';

export interface PythonOptions extends Partial<ModelOptions>, EnvironmentDependencies {
  /** Holds the folders of models, by their digest. */
  readonly folder: string;
  /** One interpreter for all models, which has what they need; null makes each the environment it asks for. */
  readonly python: string | null;
  /** Of one worker and what it starts. */
  readonly memoryBytes?: number;
  /** Until a model is loaded and warm; making an environment does not count. */
  readonly startupMs?: number;
  /** How long a worker that nobody uses any more waits for somebody. */
  readonly idleMs?: number;
  /** Workers that nobody uses at once; the one unused for longest goes first. */
  readonly mostIdle?: number;
}

export interface PythonRuntimes {
  open(source: PythonSource): Promise<Runtime>;
  /** Ends every worker. */
  close(): Promise<void>;
}

interface Entry {
  readonly opened: Promise<PythonPool>;
  leases: number;
  idle?: NodeJS.Timeout;
}

/** Each is a process with a copy of the model. */
const mostWorkers = 32;
const defaults = { maxWaiting: 1000, requestMs: 60_000, healthMs: 10_000 };

const workersOf = ({ workers = 1 }: PythonSource): number => Math.min(Math.max(1, workers), mostWorkers);

/** One worker per model, or as many as the most demanding of those who open it asks for; shared by all of them. */
export function createPythonRuntimes(options: PythonOptions): PythonRuntimes {
  const { memoryBytes = 4 * 1024 ** 3, startupMs = 180_000, idleMs = 60_000, mostIdle = 2 } = options;
  const entries = new Map<string, Entry>();

  async function start(source: PythonSource, signal: AbortSignal) {
    await mkdir(options.folder, { recursive: true });
    const folder = await layOutFolder(options.folder, source);
    const python =
      options.python ??
      (await modelPython(options, {
        model: source.model,
        folder,
        scratch: `${folder}.build`,
        signal,
        ...(source.onBuild && { onBuild: source.onBuild }),
      }));
    const { PATH = '', ...rest } = options.environment;
    const env = { ...rest, PATH: [dirname(python), PATH].join(delimiter) };
    return startWorker({ executor: options.executor, python, folder, env, memoryBytes, startupMs, signal });
  }

  async function stop(digest: string, entry: Entry): Promise<void> {
    clearTimeout(entry.idle);
    if (entries.get(digest) === entry) entries.delete(digest);
    await entry.opened.then((model) => model.close()).catch(() => undefined);
  }

  function acquire(source: PythonSource): Entry {
    const found = entries.get(source.digest);
    const entry = found ?? {
      opened: openPythonPool(
        () => openPythonModel(source, (signal) => start(source, signal), { ...defaults, ...options }),
        workersOf(source),
      ),
      leases: 0,
    };
    clearTimeout(entry.idle);
    entry.leases += 1;
    entries.set(source.digest, entry);
    return entry;
  }

  async function release(digest: string, entry: Entry): Promise<void> {
    entry.leases -= 1;
    if (entry.leases > 0 || entries.get(digest) !== entry) return;
    entry.idle = setTimeout(() => void stop(digest, entry), idleMs).unref();
    // Last come, last in the map's order: the first ones are those unused for longest.
    entries.delete(digest);
    entries.set(digest, entry);
    const unused = [...entries].filter(([, { leases }]) => leases === 0);
    for (const [key, each] of unused.slice(0, Math.max(0, unused.length - mostIdle))) await stop(key, each);
  }

  return {
    async open(source) {
      const entry = acquire(source);
      const pool = await entry.opened.catch((error: unknown) => {
        if (entries.get(source.digest) === entry) entries.delete(source.digest);
        throw error;
      });
      try {
        await pool.grow(workersOf(source));
      } catch (error) {
        // Others may use the workers that there are.
        await release(source.digest, entry);
        throw error;
      }
      return lease(source, pool, () => release(source.digest, entry));
    },

    async close() {
      await Promise.all([...entries].map(([digest, entry]) => stop(digest, entry)));
    },
  };
}

/** What one user of a worker has of it. */
function lease(source: PythonSource, python: PythonPool, release: () => Promise<void>): Runtime {
  const { model, inputNames } = source;
  const closed = new AbortController();
  const named = inputNames.length > 1 || Boolean(inputNames[0]);

  const { inputs: specs, optional } = python.signature;
  const isTensors = specs.some((spec) => !isColumn(spec));

  async function unlessClosed<T>(
    ask: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const unavailable = () => errors.runtimeUnavailable({ model, reason: 'it was closed' });
    if (closed.signal.aborted) throw unavailable();
    const signals = signal ? [signal, closed.signal] : [closed.signal];
    return ask(AbortSignal.any(signals)).catch((error: unknown) => {
      throw closed.signal.aborted && !signal?.aborted ? unavailable() : error;
    });
  }

  const predictTable = (columns: ReadonlyMap<string, Column>, rowCount: number, signal?: AbortSignal) =>
    unlessClosed((either) => python.predict(columns, rowCount, either), signal);

  /** A model without a signature is given what came. */
  function fit(inputs: readonly Tensor[]): readonly Tensor[] {
    if (specs.length === 0) return inputs;
    const names = inputs.map(({ name }) => name);
    const wanted = specs.filter(({ name }) => names.includes(name) || !optional.includes(name));
    return fitInputs(wanted, isTensors ? inputs : castInputs(wanted, inputs));
  }

  return {
    kind: 'python',
    signature: python.signature,
    async infer(inputs, wanted, signal) {
      if (signal?.aborted) throw errors.computeCancelled({ reason: reasonOf(signal.reason) });
      const fitted = fit(inputs);
      if (python.signature.outputs.length > 0) chooseOutputs(python.signature.outputs, wanted);
      return unlessClosed((either) => python.infer(fitted, wanted, either), signal);
    },
    predictTable,
    async predict(rows, rowCount, featureCount, signal) {
      if (signal?.aborted) throw errors.computeCancelled({ reason: reasonOf(signal.reason) });
      assertShape(rows, rowCount, featureCount);
      if (named) assertFeatures(inputNames.length, featureCount);
      const names = named ? inputNames : Array.from({ length: featureCount }, (_, i) => String(i));
      const outputs = await predictTable(columnsOfRows(rows, rowCount, names), rowCount, signal);
      return toRowMajor(model, outputs, rowCount);
    },
    describe: python.describe,
    async close() {
      if (closed.signal.aborted) return;
      closed.abort();
      await release();
    },
  };
}
