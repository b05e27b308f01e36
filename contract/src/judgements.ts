/** What an evaluation finds: figures, slices, curves. */
import { type Static, Type } from 'typebox';
import { literals, nullable } from './common.ts';

const number = nullable(Type.Number());

/** A metric is null where it is not defined for the rows; the notes say why. */
export const Metrics = Type.Record(Type.String(), number);
export type Metrics = Static<typeof Metrics>;

export const MetricInterval = Type.Object({
  low: number,
  high: number,
  method: literals('counts', 'bootstrap', 'little-bootstraps', 'delta'),
});
export type MetricInterval = Static<typeof MetricInterval>;
export const Intervals = Type.Record(Type.String(), MetricInterval, {
  description: 'percentile bootstrap of each metric, of all rows or of a bag of little bootstraps',
});
export type Intervals = Static<typeof Intervals>;

const SlicePart = Type.Object({
  column: Type.String(),
  value: Type.String({ description: 'north, or of numbers [1, 3)' }),
});

export const EvaluationSlice = Type.Object({
  ...SlicePart.properties,
  rows: Type.Integer(),
  weight: Type.Number(),
  metrics: Metrics,
  intervals: Type.Record(Type.String(), MetricInterval, { description: 'by the delta method' }),
});
export type EvaluationSlice = Static<typeof EvaluationSlice>;

export const WorstSlices = Type.Object({
  loss: Type.String({ description: 'what is averaged: absolute_error, log_loss, zero_one' }),
  columns: Type.Array(Type.String(), { description: 'that were searched, alone and in pairs' }),
  tried: Type.Integer(),
  leastRows: Type.Integer({ description: 'smaller slices were not tried' }),
  found: Type.Array(
    Type.Object({
      parts: Type.Array(SlicePart),
      rows: Type.Integer(),
      loss: Type.Number(),
      lossElsewhere: Type.Number(),
      pValue: Type.Number({ description: 'one-sided, times the number of slices tried (Bonferroni)' }),
    }),
  ),
});
export type WorstSlices = Static<typeof WorstSlices>;

export const ClassCurves = Type.Object({
  class: Type.String({ description: 'that is held against all others' }),
  rocAuc: number,
  averagePrecision: number,
  points: Type.Array(
    Type.Object({
      threshold: Type.Number(),
      truePositiveRate: number,
      falsePositiveRate: number,
      precision: number,
    }),
    { description: 'ROC and precision against recall, at most 200 by falling threshold' },
  ),
  thresholds: Type.Array(
    Type.Object({
      threshold: Type.Number(),
      precision: number,
      recall: number,
      f1: number,
      accuracy: Type.Number(),
      called: Type.Number({ description: 'share of the rows called positive' }),
    }),
  ),
  calibration: Type.Array(
    Type.Object({
      from: Type.Number(),
      to: Type.Number(),
      rows: Type.Integer(),
      meanScore: Type.Number(),
      rate: Type.Number({ description: 'share that was positive' }),
    }),
  ),
});
export type ClassCurves = Static<typeof ClassCurves>;

export const Confusion = Type.Object({
  classes: Type.Array(Type.String()),
  cells: Type.Array(Type.Array(Type.Number()), {
    description: 'weight of rows: a line per true class, a column per called one',
  }),
  perClass: Type.Array(
    Type.Object({
      class: Type.String(),
      precision: Type.Number(),
      recall: Type.Number(),
      f1: Type.Number(),
      support: Type.Number(),
      called: Type.Number(),
    }),
  ),
});
export type Confusion = Static<typeof Confusion>;

export const Residuals = Type.Object({
  quantiles: Type.Array(Type.Object({ share: Type.Number(), value: Type.Number() }), {
    description: 'of prediction - truth',
  }),
  histogram: Type.Array(Type.Object({ from: Type.Number(), to: Type.Number(), rows: Type.Integer() }), {
    description: 'between the 0.5th and the 99.5th percentile; what lies beyond is in the outermost bins',
  }),
  byPrediction: Type.Array(
    Type.Object({
      from: Type.Number(),
      to: Type.Number(),
      rows: Type.Integer(),
      meanTruth: Type.Number(),
      meanPrediction: Type.Number(),
    }),
    { description: 'tenths of the rows by rising prediction' },
  ),
  points: Type.Array(Type.Object({ truth: Type.Number(), prediction: Type.Number() }), {
    description: 'at most 1,000 rows, evenly spread over the predictions',
  }),
});
export type Residuals = Static<typeof Residuals>;

export const EvaluationFindings = {
  slices: Type.Array(EvaluationSlice),
  worst: nullable(WorstSlices),
  curves: Type.Array(ClassCurves, {
    description: 'of a score: one; of probabilities: a class each, at most 20',
  }),
  confusion: nullable(Confusion),
  residuals: nullable(Residuals),
};
