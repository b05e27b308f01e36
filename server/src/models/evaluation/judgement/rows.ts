/** What a judgement is made of: columns of numbers, read from a table, and what they mean. */
import type { EvaluationTask } from '@tidemill/contract';
import { errors } from '../../../base/errors.ts';
import { pick } from '../../../base/statistics/scores/order.ts';
import type { QuantileColumn } from '../../../base/statistics/scores/quantile-scores.ts';
import { unitWeights } from '../../../base/statistics/scores/scorer.ts';

/** A column that may cut the rows into slices; NaN where the value is missing. */
export interface CuttingColumn {
  readonly name: string;
  /** `codes` are places in `labels`; numbers and times (microseconds since 1970) are cut at their quantiles. */
  readonly kind: 'codes' | 'number' | 'time';
  readonly values: Float64Array;
  readonly labels: readonly string[];
}

export interface NamedColumn {
  readonly name: string;
  /** NaN where the value is missing. */
  readonly values: Float64Array;
}

/** What a row is worth. */
export interface ValueInput {
  readonly expression: string;
  /** What it reads besides `prediction` and `outcome`; codes are places in the labels. */
  readonly columns: readonly CuttingColumn[];
}

/** Columns of another's predictions. */
export interface Rival {
  readonly kind: 'champion' | 'baseline';
  readonly name: string;
  readonly prediction: NamedColumn | null;
  readonly score: NamedColumn | null;
  readonly probabilities: readonly (NamedColumn | null)[] | null;
}

/** Tasks of which a row has one outcome. */
export type RowTask = Exclude<EvaluationTask, 'multilabel' | 'ranking'>;

export interface JudgementInput {
  readonly task: RowTask;
  /** What messages call the table. */
  readonly table: string;
  /** Numbers, or places in `classes`. */
  readonly label: NamedColumn;
  readonly prediction: NamedColumn | null;
  readonly score: NamedColumn | null;
  /** One a class, null for a class without a column. */
  readonly probabilities: readonly (NamedColumn | null)[] | null;
  readonly bounds: { readonly lower: NamedColumn; readonly upper: NamedColumn } | null;
  /** Forecasts of quantiles of a regression. */
  readonly forecastQuantiles?: readonly { readonly level: number; readonly column: NamedColumn }[];
  readonly weight: NamedColumn | null;
  readonly classes: readonly string[];
  /** Place of the positive class of a binary task. */
  readonly positive: number;
  readonly threshold: number;
  readonly isInOrder: boolean;
  readonly rivals: readonly Rival[];
  /** Rows stand for themselves, so that rivals may be compared row by row. */
  readonly areRowsIndependent: boolean;
  readonly value: ValueInput | null;
  readonly cutting: readonly CuttingColumn[];
  /** Names among `cutting`. */
  readonly slices: readonly string[];
  readonly search: readonly string[];
  readonly quantiles: number;
  readonly alpha: number;
  readonly rounds: number;
  readonly seed: number;
}

export interface JudgedRival {
  readonly kind: Rival['kind'];
  readonly name: string;
  readonly prediction: Float64Array | null;
  readonly score: Float64Array | null;
  readonly probabilities: readonly (Float64Array | null)[] | null;
}

/** Rows that have a label, checked. */
export interface JudgedRows
  extends Omit<
    JudgementInput,
    'label' | 'prediction' | 'score' | 'probabilities' | 'bounds' | 'weight' | 'forecastQuantiles'
  > {
  readonly truth: Float64Array;
  readonly prediction: Float64Array | null;
  readonly score: Float64Array | null;
  readonly probabilities: readonly (Float64Array | null)[] | null;
  readonly bounds: { readonly lower: Float64Array; readonly upper: Float64Array } | null;
  readonly forecastQuantiles: readonly QuantileColumn[];
  readonly weights: Float64Array;
  readonly others: readonly JudgedRival[];
  /** Per row, once it is known. */
  readonly values: Float64Array | null;
  readonly isWeighted: boolean;
  /** Rows of the table without a label. */
  readonly unlabelled: number;
}

/** @throws evaluationRowsMissing, evaluationPredictionInvalid naming column, count and first row */
export function toJudgedRows(input: JudgementInput): JudgedRows {
  const { label, table } = input;
  const labelled = placesOf(label.values, (value) => !Number.isNaN(value));
  const total = label.values.length;
  if (labelled.length === 0) {
    const reason = total === 0 ? 'it is empty' : `'${label.name}' is missing in all of its ${total} rows`;
    throw errors.evaluationRowsMissing({ dataset: table, reason });
  }
  const kept = (values: Float64Array) => (labelled.length === total ? values : pick(values, labelled));
  const checked = (column: NamedColumn | null, rule: Rule): Float64Array | null => {
    if (!column) return null;
    assertHolds(table, column, labelled, rule);
    return kept(column.values);
  };
  if (input.task === 'regression') assertHolds(table, label, labelled, finite);
  const weights = checked(input.weight, weight);
  if (weights && !weights.some((value) => value > 0))
    throw errors.evaluationRowsMissing({
      dataset: table,
      reason: `the weights of all ${labelled.length} rows ('${input.weight?.name}') are 0`,
    });
  const { bounds } = input;
  const lower = checked(bounds?.lower ?? null, finite);
  const upper = checked(bounds?.upper ?? null, finite);
  const predicted = ({ prediction, score, probabilities }: Omit<Rival, 'kind' | 'name'>) => ({
    prediction: checked(prediction, finite),
    score: checked(score, probability),
    probabilities: probabilities?.map((column) => checked(column, probability)) ?? null,
  });
  const { value } = input;
  return {
    ...input,
    truth: kept(label.values),
    ...predicted(input),
    others: input.rivals.map((rival) => ({ kind: rival.kind, name: rival.name, ...predicted(rival) })),
    values: null,
    value: value && {
      ...value,
      columns: value.columns.map((column) => ({ ...column, values: kept(column.values) })),
    },
    bounds: lower && upper && { lower, upper },
    forecastQuantiles: (input.forecastQuantiles ?? []).map(({ level, column }) => ({
      level,
      values: checked(column, finite) as Float64Array,
    })),
    weights: weights ?? unitWeights(labelled.length),
    isWeighted: weights !== null,
    unlabelled: total - labelled.length,
    cutting: input.cutting.map((column) => ({ ...column, values: kept(column.values) })),
  };
}

export interface Rule {
  readonly holds: (value: number) => boolean;
  readonly wanted: string;
}

export const finite: Rule = { holds: Number.isFinite, wanted: 'a finite number' };
export const probability: Rule = {
  holds: (value) => value >= 0 && value <= 1,
  wanted: 'a probability in [0, 1]',
};
export const weight: Rule = {
  holds: (value) => value >= 0 && value < Number.POSITIVE_INFINITY,
  wanted: 'a finite weight of at least 0',
};

export function assertHolds(
  dataset: string,
  { name, values }: NamedColumn,
  places: Uint32Array,
  { holds, wanted }: Rule,
): void {
  const broken = places.filter((place) => !holds(values[place] as number));
  const first = broken[0];
  if (first === undefined) return;
  const value = values[first] as number;
  throw errors.evaluationPredictionInvalid({
    dataset,
    column: name,
    wanted,
    rows: broken.length,
    total: places.length,
    first: first + 1,
    value: Number.isNaN(value) ? 'missing or not a number' : String(value),
  });
}

export function placesOf(values: Float64Array, holds: (value: number) => boolean): Uint32Array {
  const places = new Uint32Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i += 1) {
    if (!holds(values[i] as number)) continue;
    places[count] = i;
    count += 1;
  }
  return places.subarray(0, count);
}
