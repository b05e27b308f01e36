import type { FeatureMatrix } from './learner.ts';

/** The least and greatest value a model saw of one feature, missing values aside. */
export interface FeatureRange {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

export interface OutsideRange extends FeatureRange {
  /** The first value outside. */
  readonly value: number;
  /** Its zero-based row. */
  readonly row: number;
  /** How many rows are outside. */
  readonly rows: number;
}

/** One range per column that has any value at all. */
export function listFeatureRanges(features: FeatureMatrix): readonly FeatureRange[] {
  return features.names.flatMap((name, index) => {
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (const value of features.columns[index] ?? []) {
      if (value < min) min = value;
      if (value > max) max = value;
    }
    return min <= max ? [{ name, min, max }] : [];
  });
}

/** The features with a value the training never reached, where a prediction is a guess. */
export function listOutsideRange(
  ranges: readonly FeatureRange[],
  features: FeatureMatrix,
): readonly OutsideRange[] {
  return ranges.flatMap((range) => {
    const column = features.columns[features.names.indexOf(range.name)] ?? new Float64Array(0);
    let row = -1;
    let rows = 0;
    for (let i = 0; i < column.length; i++) {
      const value = column[i] ?? 0;
      if (!(value < range.min || value > range.max)) continue;
      if (rows === 0) row = i;
      rows++;
    }
    return rows === 0 ? [] : [{ ...range, row, rows, value: column[row] ?? Number.NaN }];
  });
}
