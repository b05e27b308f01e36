/** What a learner takes and gives. Everything here can cross into a worker thread: plain numbers and typed arrays. */

/** A table of numbers, column by column; NaN marks a missing value. */
export interface FeatureMatrix {
  readonly names: readonly string[];
  readonly rows: number;
  /** One array per name, each `rows` long. */
  readonly columns: readonly Float64Array[];
}

export interface TrainingData {
  readonly features: FeatureMatrix;
  /** As long as the features have rows, all finite. */
  readonly target: Float64Array;
}

export interface FittedModel {
  /** One prediction per row. Values are rounded to float32 first, as a served model sees them. */
  predict(features: FeatureMatrix): Float64Array;
  /** The same model as ONNX: `features` float32 [N, F] in, `prediction` float32 [N, 1] out. */
  toOnnx(): Uint8Array;
  readonly summary: Readonly<Record<string, number>>;
}

/** Where a random search looks for a parameter. */
export interface ParameterRange {
  readonly min: number;
  readonly max: number;
  readonly scale: 'linear' | 'log';
  readonly integer?: boolean;
}

/** What `fit` accepts for a parameter: wider than the range worth searching. */
export interface ParameterLimit {
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
}

/** Called a hundred times at most; throwing from it ends the fit, which is how a run is cancelled. */
export type FitProgress = (fraction: number, metrics: Readonly<Record<string, number>>) => void;

export type LearnerName = 'ridge' | 'trees';

export interface Learner {
  readonly name: LearnerName;
  readonly defaults: Readonly<Record<string, number>>;
  readonly ranges: Readonly<Record<string, ParameterRange>>;
  readonly limits: Readonly<Record<string, ParameterLimit>>;
  /**
   * Fits the data. Parameters left out take their default; the same data, parameters and seed give
   * the same model, byte for byte.
   * @throws LearnerInputError naming the parameter, column or row that cannot be used.
   */
  fit(
    data: TrainingData,
    parameters: Readonly<Record<string, number>>,
    seed: number,
    onProgress?: FitProgress,
  ): FittedModel;
}
