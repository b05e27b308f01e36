/** A loaded model that turns rows of features into predictions. What rows mean is the serving wing's business. */

import type { ModelFiles } from './model-folder.ts';
import type { Tensor, TensorSpec } from './tensors.ts';

export type { Datatype, Tensor, TensorData, TensorSpec } from './tensors.ts';

export type RuntimeKind = 'onnx' | 'onnx-process' | 'rule' | 'python' | 'remote';

/** Numbers (times as microseconds since 1970), or text with nulls. */
export type Column = Float64Array | readonly (string | null)[];

/** What a model gives for some rows: a column per output. */
export interface Outputs {
  readonly names: readonly string[];
  readonly columns: readonly Column[];
}

export interface Signature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

export interface RuntimeState {
  readonly kind: RuntimeKind;
  /** The process that computes, where it is one of its own. */
  readonly pid?: number;
  readonly state: 'ready' | 'starting' | 'unloaded' | 'dead';
  /** How often it was started again after dying. */
  readonly restarts: number;
  /** Where there are several. */
  readonly workers?: { readonly ready: number; readonly of: number };
  /** Why it ended the last time, if it did. */
  readonly lastEnd?: string;
}

export interface Runtime {
  readonly kind: RuntimeKind;
  /**
   * `rows` is row-major, `rowCount` by `featureCount`. The reply is row-major too; its width is its length divided
   * by `rowCount` (1 for a regression, the number of classes for probabilities).
   * Fails with `modelInputInvalid` (wrong shape), `runtimeUnavailable` (dead, busy or closed) or `computeCancelled`
   * (aborted: the caller is free at once, though a started computation runs to its end). Models of code can also fail
   * with `modelRaised` (their own exception) and `modelOutputInvalid`.
   */
  predict(
    rows: Float32Array,
    rowCount: number,
    featureCount: number,
    signal?: AbortSignal,
  ): Promise<Float64Array | Float32Array>;
  /** Columns by name, as the signature has them, and every output as it is; absent where rows of numbers are all there is. */
  predictTable?(
    columns: ReadonlyMap<string, Column>,
    rowCount: number,
    signal?: AbortSignal,
  ): Promise<Outputs>;
  /** What it takes and gives as tensors, by name; no outputs where the model does not say. */
  readonly signature: Signature;
  /**
   * Tensors by name, of any number and shape; a table also as its columns ([n] or [n,1]), and columns as one table
   * [n, features]. Fails as `predict` does.
   * @param wanted names of outputs; all of them by default
   */
  infer(
    inputs: readonly Tensor[],
    wanted?: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly Tensor[]>;
  describe(): RuntimeState;
  /** Outstanding predictions fail with `runtimeUnavailable`. Closing twice is fine. */
  close(): Promise<void>;
}

/** An MLflow model with the flavor `python_function`. */
export interface PythonSource extends ModelFiles {
  readonly kind: 'python';
  /** Names of its inputs, in order; without any, or with one that has no name, it takes arrays of any width. */
  readonly inputNames: readonly string[];
  /** Processes that answer at the same time; 1 by default. */
  readonly workers?: number;
  /** Told when its environment must be built first, which takes minutes, and by which program. */
  readonly onBuild?: (tool: string) => void;
}

/** A model on another server of the Open Inference Protocol V2. */
export interface RemoteSource {
  readonly kind: 'remote';
  /** What messages call the model: `prices@3`. */
  readonly model: string;
  /** Of the server, without `/v2`. */
  readonly url: string;
  /** What the server calls the model. */
  readonly name: string;
  readonly version?: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string;
  /** Which output `predict` gives; the probabilities of a classifier, else the first of numbers, when absent. */
  readonly output?: string;
}

export type RuntimeSource =
  | RemoteSource
  | PythonSource
  | {
      readonly kind: 'onnx' | 'onnx-process';
      /** What messages call the model: `prices@3`. */
      readonly model: string;
      readonly path: string;
      /** Which output to give; the probabilities of a classifier, else the first of numbers, when absent. */
      readonly output?: string;
    }
  | {
      readonly kind: 'rule';
      readonly model: string;
      /** CEL over the features by name, giving a number (true counts as 1). */
      readonly expression: string;
      readonly featureNames: readonly string[];
    };

/**
 * Loads a model; fails with `modelUnreadable`, `expressionInvalid`, or, for Python, `modelFolderTampered`,
 * `modelEnvironmentNotBuilt` or `runtimeUnavailable`.
 */
export type OpenRuntime = (source: RuntimeSource) => Promise<Runtime>;
