import { type Static, Type } from 'typebox';
import {
  byId,
  integer,
  literals,
  Name,
  nullable,
  page,
  pageQuery,
  Reference,
  strict,
  Timestamp,
} from './common.ts';
import { endpoints } from './endpoint.ts';
import { EvaluationFindings, Intervals, Metrics } from './judgements.ts';

export const EvaluationTask = literals('regression', 'binary', 'multiclass', 'multilabel', 'ranking');
export type EvaluationTask = Static<typeof EvaluationTask>;

const Judged = Type.Object({ name: Type.String(), metrics: Metrics });

export const Comparison = Type.Object({
  verdict: literals('candidate-better', 'candidate-worse', 'inconclusive'),
  pairs: Type.Integer(),
  meanDifference: Type.Number({
    description:
      'loss of the candidate minus that of the other (absolute error, 1 - AUC, error rate, log loss); negative is better',
  }),
  interval: Type.Array(Type.Number(), { minItems: 2, maxItems: 2 }),
  pValue: Type.Number(),
  metric: Type.Optional(Type.String({ description: 'what is compared; mae when absent' })),
  test: Type.Optional(
    Type.String({ description: 'sign-flip, paired-z, delong or mcnemar; sign-flip by time when absent' }),
  ),
});
export type Comparison = Static<typeof Comparison>;

const Column = Type.String({ minLength: 1, maxLength: 10_000 });

/** Columns that hold what was predicted; then no model is run. */
export const PredictionColumns = strict({
  prediction: Type.Optional(
    Type.String({ description: 'column of numbers, or of the class that was called' }),
  ),
  score: Type.Optional(
    Type.String({
      description: 'column of probabilities of the positive class; of a ranking, of what rows are ranked by',
    }),
  ),
  probabilities: Type.Optional(
    Type.Record(Type.String({ maxLength: 1000 }), Column, {
      maxProperties: 100,
      description: 'class or label -> column of its probabilities: {"cat": "p_cat", "dog": "p_dog"}',
    }),
  ),
  called: Type.Optional(
    Type.Record(Type.String({ maxLength: 1000 }), Column, {
      maxProperties: 100,
      description: 'of several labels: label -> column of 0 or 1, whether it was called',
    }),
  ),
  lower: Type.Optional(Type.String({ description: 'column: lower bound of each prediction, with `upper`' })),
  upper: Type.Optional(Type.String({ description: 'column: upper bound of each prediction' })),
  quantiles: Type.Optional(
    Type.Record(Type.String({ pattern: '^0?\\.[0-9]{1,9}$' }), Column, {
      maxProperties: 100,
      description: 'level -> column of its forecast: {"0.1": "low", "0.5": "middle", "0.9": "high"}',
    }),
  ),
});
export type PredictionColumns = Static<typeof PredictionColumns>;

/** What is judged: a registered model on a dataset version, or a table that has the predictions in it. */
export const EvaluationRequest = {
  /** The model version to run; with `predictions` the one they came from, if any. */
  model: Type.Optional(Reference),
  dataset: Type.Optional(Reference),
  sql: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100_000,
      description: 'one SELECT over dataset versions, instead of `dataset`: `prices`, `"prices@3"`',
    }),
  ),
  bindings: Type.Optional(
    Type.Record(Name, Type.String({ minLength: 1, maxLength: 300 }), {
      description: 'versions for names without one in `sql`: {"prices": "3"}',
    }),
  ),
  predictions: Type.Optional(PredictionColumns),
  task: Type.Optional(EvaluationTask),
  target: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 10_000,
      description:
        'the label: what really happened; of a ranking the gain of a row, 0 where it is not relevant',
    }),
  ),
  labels: Type.Optional(
    Type.Record(Type.String({ minLength: 1, maxLength: 1000 }), Column, {
      minProperties: 2,
      maxProperties: 100,
      description: 'of rows that may have several labels, instead of `target`: label -> column of 0 or 1',
    }),
  ),
  query: Type.Optional(
    Type.String({ maxLength: 10_000, description: 'of a ranking: column that tells queries apart' }),
  ),
  cutoffs: Type.Optional(
    Type.Array(integer({ minimum: 1, maximum: 10_000 }), {
      minItems: 1,
      maxItems: 5,
      uniqueItems: true,
      description: 'of a ranking: places from the top that figures at k are told for; [5, 10]',
    }),
  ),
  positive: Type.Optional(
    Type.String({ maxLength: 1000, description: 'the label that a score is the probability of: "yes"' }),
  ),
  threshold: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1, description: 'a row is called positive from this score on; 0.5' }),
  ),
  weight: Type.Optional(Type.String({ description: 'column of weights, each at least 0' })),
  timeColumn: Type.Optional(Column),
  /** Rows to judge on, in order of time; of a model the newest fifth when absent. Rows of one time stay together. */
  window: Type.Optional(
    strict({
      last: Type.Optional(integer({ minimum: 2, description: 'the newest so many rows' })),
      from: Type.Optional(Type.String({ description: 'first time, included' })),
      to: Type.Optional(Type.String({ description: 'last time, included' })),
    }),
  ),
  slices: Type.Optional(
    Type.Array(Column, {
      maxItems: 20,
      description: 'columns whose values, or quantiles of whose numbers, are judged apart',
    }),
  ),
  quantiles: Type.Optional(integer({ minimum: 2, maximum: 20, description: 'parts of a number; default 4' })),
  search: Type.Optional(
    Type.Array(Column, {
      maxItems: 20,
      description: 'columns among which the worst slices are searched; the other columns when absent',
    }),
  ),
  alpha: Type.Optional(
    Type.Number({ minimum: 0.001, maximum: 0.5, description: '0.05 gives intervals of 95 %' }),
  ),
  rounds: Type.Optional(
    integer({ minimum: 100, maximum: 10_000, description: 'of the bootstrap; default 1,000' }),
  ),
  baseline: Type.Optional(
    Type.String({
      description: 'column whose value is the naive prediction: "same as yesterday" is the last known target',
    }),
  ),
  champion: Type.Optional(Reference),
  against: Type.Optional(PredictionColumns),
  value: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2000,
      description:
        'what a row is worth, in CEL over prediction, outcome and columns: "prediction >= 0.5 ? (outcome ? price : -2.0) : 0.0"; its mean is the metric `value`',
    }),
  ),
  classes: Type.Optional(
    Type.Array(Type.String({ maxLength: 1000 }), {
      minItems: 2,
      maxItems: 100,
      description: "what a model's probabilities stand for, in order; the labels in order when absent",
    }),
  ),
  seed: Type.Optional(integer()),
};

const summary = {
  id: Type.String(),
  source: Type.Unsafe<'model' | 'predictions'>(
    Type.Enum(['model', 'predictions'], {
      description: 'model: the registered model was run; predictions: they were columns of a table',
    }),
  ),
  task: EvaluationTask,
  model: nullable(Type.String()),
  dataset: Type.String({ description: 'prices@3; several with commas where a SELECT read them' }),
  sql: nullable(Type.String()),
  target: Type.String(),
  window: Type.Object({
    from: Type.String({ description: 'empty where the rows have no time' }),
    to: Type.String(),
    rows: Type.Integer(),
  }),
  metrics: Metrics,
  intervals: Intervals,
  refitted: Type.Boolean({
    description:
      'the model had learned from rows of the window, so its recipe was fitted again on the rows before it and that was judged',
  }),
  notes: Type.Array(Type.String(), {
    description: 'what a reader must know of the judgement, such as why a metric is null',
  }),
  baseline: nullable(Judged),
  champion: nullable(Type.Object({ name: Type.String(), metrics: Metrics, refitted: Type.Boolean() })),
  againstBaseline: nullable(Comparison),
  againstChampion: nullable(Comparison),
  createdAt: Timestamp,
  createdBy: Type.String(),
};

/** What lists show: the figures without slices, curves and points. */
export const EvaluationSummary = Type.Object(summary);
export type EvaluationSummary = Static<typeof EvaluationSummary>;

export const Evaluation = Type.Object({
  ...summary,
  ...EvaluationFindings,
  comparisons: Type.Array(
    Type.Intersect([Comparison, Type.Object({ against: Type.String(), metric: Type.String() })]),
    { description: 'every paired test that was made on the same rows' },
  ),
  naive: Type.Array(Judged, {
    description:
      'what knows no feature: the mean, median and, in order of time, the value before; the majority class and the share of each, taken from these very rows',
  }),
  series: Type.Array(
    Type.Object({
      time: Type.String(),
      truth: Type.Number(),
      prediction: Type.Number(),
      baseline: nullable(Type.Number()),
      champion: nullable(Type.Number()),
    }),
    { description: 'of a regression in order of time, at most 2,000 points' },
  ),
});
export type Evaluation = Static<typeof Evaluation>;

export const evaluationEndpoints = endpoints({
  evaluate: {
    method: 'POST',
    path: '/api/v1/evaluations',
    permission: 'write',
    summary:
      'Evaluate a model version on a dataset version, or a table of predictions: metrics with intervals, slices, curves, against the naive rule and the champion',
    body: strict(EvaluationRequest),
    reply: Evaluation,
    status: 201,
  },
  get: {
    method: 'GET',
    path: '/api/v1/evaluations/:id',
    permission: 'read',
    summary: 'Get an evaluation',
    params: byId,
    reply: Evaluation,
  },
  list: {
    method: 'GET',
    path: '/api/v1/evaluations',
    permission: 'read',
    summary: 'List evaluations, newest first, without slices, curves and points',
    query: strict({
      ...pageQuery,
      model: Type.Optional(Reference),
      task: Type.Optional(EvaluationTask),
      source: Type.Optional(literals('model', 'predictions')),
      dataset: Type.Optional(
        Type.String({ maxLength: 300, description: 'its name, or a version: prices@3' }),
      ),
    }),
    reply: page(EvaluationSummary),
  },
});
