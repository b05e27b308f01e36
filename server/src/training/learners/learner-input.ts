import type { FeatureMatrix, ParameterLimit, TrainingData } from './learner.ts';

export interface LearnerInputPlace {
  readonly parameter?: string;
  readonly column?: string;
  /** Zero-based. */
  readonly row?: number;
}

/** The data or parameters cannot be learned from; the training service turns it into a catalogue error. */
export class LearnerInputError extends Error {
  override readonly name = 'LearnerInputError';
  readonly place: LearnerInputPlace;

  constructor(message: string, place: LearnerInputPlace = {}) {
    super(message);
    this.place = place;
  }
}

const FLOAT32_MAX = 3.4028234663852886e38;

/**
 * Fills in defaults and checks every parameter against its limit.
 * @throws LearnerInputError on an unknown name, a value out of its limit, or a fraction where a whole number is due.
 */
export function parseParameters<Defaults extends Readonly<Record<string, number>>>(
  given: Readonly<Record<string, number>>,
  defaults: Defaults,
  limits: Readonly<Record<string, ParameterLimit>>,
): { readonly [Name in keyof Defaults]: number } {
  for (const [name, value] of Object.entries(given)) assertParameter(name, value, limits);
  return { ...defaults, ...given };
}

function assertParameter(
  name: string,
  value: number,
  limits: Readonly<Record<string, ParameterLimit>>,
): void {
  const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
  if (!limit) {
    const known = Object.keys(limits).join(', ');
    throw new LearnerInputError(`Unknown parameter '${name}'; use one of: ${known}.`, { parameter: name });
  }
  const kind = limit.integer ? 'a whole number' : 'a number';
  const fits = value >= limit.min && value <= limit.max && (!limit.integer || Number.isInteger(value));
  if (fits) return;
  throw new LearnerInputError(
    `Parameter '${name}' is ${value}; give ${kind} from ${limit.min} to ${limit.max}.`,
    { parameter: name },
  );
}

/** @throws LearnerInputError when shapes disagree or a value cannot be learned from. */
export function assertTrainingData(data: TrainingData, missing: 'allowed' | 'refused'): void {
  const { features, target } = data;
  assertMatrixShape(features);
  if (features.rows === 0) {
    throw new LearnerInputError('The training data has no rows; widen its time range or its filter.');
  }
  if (target.length !== features.rows) {
    throw new LearnerInputError(
      `The target has ${target.length} values for ${features.rows} rows; give one per row.`,
    );
  }
  features.columns.forEach((column, index) => {
    assertColumn(column, features.names[index] ?? '', missing);
  });
  assertTarget(target);
}

function assertMatrixShape(features: FeatureMatrix): void {
  const { names, columns, rows } = features;
  if (columns.length === 0 || names.length !== columns.length) {
    throw new LearnerInputError(
      `The features have ${columns.length} columns and ${names.length} names; give at least one column, each with a name.`,
    );
  }
  const seen = new Set<string>();
  names.forEach((name, index) => {
    const length = columns[index]?.length;
    if (length !== rows) {
      throw new LearnerInputError(
        `Column '${name}' has ${length} values for ${rows} rows; give one per row.`,
        {
          column: name,
        },
      );
    }
    if (name === '' || seen.has(name)) {
      throw new LearnerInputError(
        `Column ${index} has the name '${name}', which is empty or taken; rename it.`,
        {
          column: name,
        },
      );
    }
    seen.add(name);
  });
}

function assertColumn(column: Float64Array, name: string, missing: 'allowed' | 'refused'): void {
  for (let row = 0; row < column.length; row++) {
    const value = column[row] ?? Number.NaN;
    if (Math.abs(value) < FLOAT32_MAX) continue;
    if (!Number.isNaN(value)) {
      throw new LearnerInputError(
        `Column '${name}' holds ${value} in row ${row}, beyond what float32 can hold; rescale the column or drop the row.`,
        { column: name, row },
      );
    }
    if (missing === 'allowed') continue;
    throw new LearnerInputError(
      `Column '${name}' has no value in row ${row}; fill it, drop the row, or use the learner 'trees'.`,
      { column: name, row },
    );
  }
}

function assertTarget(target: Float64Array): void {
  const row = target.findIndex((value) => !(Math.abs(value) < FLOAT32_MAX));
  if (row < 0) return;
  throw new LearnerInputError(
    `The target in row ${row} is ${target[row]}; drop the row or give it a finite number.`,
    { column: 'target', row },
  );
}

/** @throws LearnerInputError unless the columns are those of the training, in the same order. */
export function assertSameColumns(features: FeatureMatrix, trained: readonly string[]): void {
  assertMatrixShape(features);
  const same =
    trained.length === features.names.length && trained.every((name, i) => name === features.names[i]);
  if (same) return;
  throw new LearnerInputError(
    `The model was trained on the columns ${trained.join(', ')}, but got ${features.names.join(', ')}; give the same in that order.`,
  );
}

/** Rounds to what a served model receives, so that training and serving see equal numbers. */
export function toFloat32Columns(features: FeatureMatrix): readonly Float32Array[] {
  return features.columns.map((column) => new Float32Array(column));
}

/** Root mean squared error over equally long arrays. */
export function rootMeanSquaredError(target: Float64Array, predicted: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < target.length; row++) sum += ((target[row] ?? 0) - (predicted[row] ?? 0)) ** 2;
  return Math.sqrt(sum / target.length);
}
