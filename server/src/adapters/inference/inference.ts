/** A loaded model that turns rows of features into predictions. What rows mean is the serving wing's business. */

export type RuntimeKind = 'onnx' | 'onnx-process' | 'rule';

export interface RuntimeState {
  readonly kind: RuntimeKind;
  /** The process that computes, where it is one of its own. */
  readonly pid?: number;
  readonly state: 'ready' | 'starting' | 'dead';
  /** How often it was started again after dying. */
  readonly restarts: number;
}

export interface Runtime {
  readonly kind: RuntimeKind;
  /**
   * `rows` is row-major, `rowCount` by `featureCount`. The reply is row-major too; its width is its length divided
   * by `rowCount` (1 for a regression, the number of classes for probabilities).
   * Fails with `modelInputInvalid` (wrong shape), `runtimeUnavailable` (dead, busy or closed) or `computeCancelled`
   * (aborted: the caller is free at once, though a started computation runs to its end).
   */
  predict(
    rows: Float32Array,
    rowCount: number,
    featureCount: number,
    signal?: AbortSignal,
  ): Promise<Float64Array | Float32Array>;
  describe(): RuntimeState;
  /** Outstanding predictions fail with `runtimeUnavailable`. Closing twice is fine. */
  close(): Promise<void>;
}

export type RuntimeSource =
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

/** Loads a model; fails with `modelUnreadable` or `expressionInvalid`. */
export type OpenRuntime = (source: RuntimeSource) => Promise<Runtime>;
