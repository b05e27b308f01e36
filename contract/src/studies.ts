/** Long looks at a model, each a task: backtests, importance of features, attributions, stability, or a whole evaluation. */
import { type Static, Type } from 'typebox';
import {
  byId,
  integer,
  literals,
  nullable,
  page,
  pageQuery,
  Reference,
  strict,
  Timestamp,
} from './common.ts';
import { endpoints } from './endpoint.ts';
import { Comparison, EvaluationRequest, EvaluationTask } from './evaluations.ts';
import { Intervals, Metrics } from './judgements.ts';

export const StudyKind = literals('evaluation', 'backtest', 'importance', 'attribution', 'stability');
export type StudyKind = Static<typeof StudyKind>;
export const StudyState = literals('queued', 'running', 'succeeded', 'failed', 'cancelled');
export type StudyState = Static<typeof StudyState>;

const ColumnName = Type.String({ minLength: 1, maxLength: 10_000 });
const number = nullable(Type.Number());
const Bounds = nullable(Type.Object({ low: Type.Number(), high: Type.Number() }));

export const BacktestOptions = strict({
  folds: Type.Optional(integer({ minimum: 1, maximum: 50, description: 'default 5' })),
  horizon: Type.Optional(
    integer({ minimum: 1, maximum: 1000, description: 'times that each fold forecasts; default 10' }),
  ),
  step: Type.Optional(
    integer({ minimum: 1, maximum: 1000, description: "from a fold's start to the next; the horizon" }),
  ),
  gap: Type.Optional(
    integer({
      minimum: 0,
      maximum: 1000,
      description: 'times between the last that is learned from and the first that is forecast; default 0',
    }),
  ),
  trainTimes: Type.Optional(
    integer({
      minimum: 2,
      description: 'a window that slides: so many times are learned from; all before when absent',
    }),
  ),
  season: Type.Optional(
    integer({ minimum: 2, maximum: 10_000, description: 'times of a season, for the seasonal naive rule' }),
  ),
  horizonColumn: Type.Optional(
    Type.String({ description: 'of a table of predictions: how many times ahead each was made, 1, 2, …' }),
  ),
  seriesColumn: Type.Optional(
    Type.String({ description: 'of a table of predictions: which of several series a row belongs to' }),
  ),
});
export type BacktestOptions = Static<typeof BacktestOptions>;

export const ImportanceOptions = strict({
  repeats: Type.Optional(integer({ minimum: 2, maximum: 100, description: 'default 10' })),
  features: Type.Optional(
    Type.Array(ColumnName, { minItems: 1, maxItems: 1000, description: 'all inputs when absent' }),
  ),
  groups: Type.Optional(
    Type.Array(Type.Array(ColumnName, { minItems: 2, maxItems: 1000 }), {
      maxItems: 100,
      description: 'inputs that are permuted together',
    }),
  ),
  correlated: Type.Optional(
    Type.Number({
      minimum: 0.1,
      maximum: 1,
      description: 'inputs whose ranks correlate at least so much are permuted together',
    }),
  ),
});

export const AttributionOptions = strict({
  points: Type.Optional(
    integer({ minimum: 1, maximum: 1000, description: 'rows whose attributions are kept; default 200' }),
  ),
  places: Type.Optional(
    Type.Array(integer({ minimum: 1 }), {
      minItems: 1,
      maxItems: 1000,
      description: 'these rows are kept, counted from 1 in the order that is judged',
    }),
  ),
});

export const StabilityOptions = strict({
  noise: Type.Optional(
    Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 10 }), {
      minItems: 1,
      maxItems: 20,
      description: 'standard deviations of each number, of the noise that is added; default 0.01 to 0.5',
    }),
  ),
  repeats: Type.Optional(integer({ minimum: 1, maximum: 50, description: 'draws of the noise; default 5' })),
});

export const StudyRequest = {
  ...EvaluationRequest,
  kind: StudyKind,
  rows: Type.Optional(
    integer({
      minimum: 10,
      maximum: 100_000,
      description: 'more are sampled down to so many; default 5,000, of attributions 1,000',
    }),
  ),
  metric: Type.Optional(
    Type.String({
      maxLength: 100,
      description: 'that importance and stability are told in; mae, roc_auc, log_loss or accuracy',
    }),
  ),
  backtest: Type.Optional(BacktestOptions),
  importance: Type.Optional(ImportanceOptions),
  attribution: Type.Optional(AttributionOptions),
  stability: Type.Optional(StabilityOptions),
};

const MetricBase = {
  metric: Type.String(),
  base: Type.Number({ description: 'the metric of the rows as they are' }),
  isHigherBetter: Type.Boolean(),
};

export const ImportanceReport = Type.Object({
  ...MetricBase,
  repeats: Type.Integer(),
  features: Type.Array(
    Type.Object({
      features: Type.Array(Type.String(), { description: 'permuted together' }),
      mean: Type.Number({ description: 'by how much the metric becomes worse' }),
      deviation: Type.Number({ description: 'over the repeats' }),
      interval: Bounds,
    }),
    { description: 'the largest first' },
  ),
  correlated: Type.Array(Type.Object({ a: Type.String(), b: Type.String(), correlation: Type.Number() }), {
    description: 'pairs of inputs whose ranks correlate, |rho| >= 0.7: each can stand in for the other',
  }),
});
export type ImportanceReport = Static<typeof ImportanceReport>;

export const AttributionReport = Type.Object({
  method: Type.Literal('tree-shap'),
  space: literals('prediction', 'log-odds', 'margin'),
  background: Type.Object({ rows: Type.Integer(), of: Type.String() }),
  largestGap: Type.Number({
    description: "between base + attributions and the model's own output, over the rows",
  }),
  outputs: Type.Array(
    Type.Object({
      output: Type.String({ description: 'a class, or prediction' }),
      base: Type.Number({ description: 'when no feature is known' }),
      features: Type.Array(
        Type.Object({
          feature: Type.String(),
          meanAbsolute: Type.Number(),
          interval: Bounds,
          mean: Type.Number(),
        }),
        { description: 'the largest first' },
      ),
    }),
  ),
  features: Type.Array(Type.String()),
  points: Type.Array(
    Type.Object({
      row: Type.Integer({ description: 'counted from 1 in the order that is judged' }),
      values: Type.Array(number, { description: 'of the features' }),
      outputs: Type.Array(Type.Object({ total: Type.Number(), attributions: Type.Array(Type.Number()) }), {
        description: 'total = base + attributions',
      }),
    }),
  ),
});
export type AttributionReport = Static<typeof AttributionReport>;

const Moved = {
  metric: number,
  meanChange: nullable(
    Type.Number({ description: 'mean absolute change of the prediction, or of the probabilities' }),
  ),
  flipped: nullable(Type.Number({ description: 'share of the rows that are called another class' })),
};

export const StabilityReport = Type.Object({
  ...MetricBase,
  repeats: Type.Integer(),
  noise: Type.Array(
    Type.Object({
      level: Type.Number({ description: 'standard deviations of each input' }),
      ...Moved,
      worst: number,
    }),
  ),
  missing: Type.Array(
    Type.Object({
      feature: Type.String(),
      ...Moved,
      fails: nullable(Type.String({ description: 'what the model says to a missing value' })),
      filled: nullable(
        Type.Object(Moved, { description: 'with its median, or its most frequent text, instead' }),
      ),
    }),
  ),
});
export type StabilityReport = Static<typeof StabilityReport>;

const Rule = Type.Object({ name: literals('naive', 'seasonal-naive'), metrics: Metrics });

export const BacktestReport = Type.Object({
  window: literals('expanding', 'sliding', 'given'),
  refitted: Type.Boolean(),
  season: nullable(Type.Integer()),
  gap: Type.Integer(),
  metrics: Metrics,
  intervals: Intervals,
  rules: Type.Array(Rule),
  comparisons: Type.Array(Type.Intersect([Comparison, Type.Object({ against: Type.String() })])),
  horizons: Type.Array(
    Type.Object({ horizon: Type.Integer(), rows: Type.Integer(), metrics: Metrics, rules: Type.Array(Rule) }),
  ),
  folds: Type.Array(
    Type.Object({
      trainFrom: nullable(Type.String()),
      trainTo: nullable(Type.String()),
      trainRows: nullable(Type.Integer()),
      from: Type.String(),
      to: Type.String(),
      rows: Type.Integer(),
      metrics: Metrics,
      rules: Type.Array(Rule),
    }),
  ),
  series: Type.Array(
    Type.Object({
      time: Type.String(),
      truth: Type.Number(),
      prediction: Type.Number(),
      naive: number,
      fold: Type.Integer(),
    }),
    { description: 'at most 2,000 points' },
  ),
});
export type BacktestReport = Static<typeof BacktestReport>;

export const StudyReport = Type.Object({
  task: EvaluationTask,
  rows: Type.Integer({ description: 'that were looked at' }),
  ofRows: Type.Integer({ description: 'of which they were sampled' }),
  notes: Type.Array(Type.String()),
  evaluation: nullable(Type.String({ description: 'its id' })),
  backtest: nullable(BacktestReport),
  importance: nullable(ImportanceReport),
  attribution: nullable(AttributionReport),
  stability: nullable(StabilityReport),
});
export type StudyReport = Static<typeof StudyReport>;

const summary = {
  id: Type.String(),
  kind: StudyKind,
  state: StudyState,
  model: nullable(Type.String()),
  dataset: Type.String({ description: 'prices@3, or the select' }),
  target: Type.String(),
  error: nullable(Type.String()),
  progress: nullable(
    Type.Object({ fraction: Type.Number(), step: Type.String({ description: 'what it does' }) }),
  ),
  createdAt: Timestamp,
  createdBy: Type.String(),
  finishedAt: nullable(Timestamp),
};

export const StudySummary = Type.Object(summary);
export type StudySummary = Static<typeof StudySummary>;

export const Study = Type.Object({
  ...summary,
  request: Type.Record(Type.String(), Type.Unknown()),
  report: nullable(StudyReport),
});
export type Study = Static<typeof Study>;

export const studyEndpoints = endpoints({
  create: {
    method: 'POST',
    path: '/api/v1/studies',
    permission: 'write',
    summary:
      'Begin a backtest, the importance or attributions of features, a look at stability, or an evaluation, as a task',
    body: strict(StudyRequest),
    reply: Study,
    status: 201,
  },
  get: {
    method: 'GET',
    path: '/api/v1/studies/:id',
    permission: 'read',
    summary: 'Get an study with its progress or its report',
    params: byId,
    reply: Study,
  },
  list: {
    method: 'GET',
    path: '/api/v1/studies',
    permission: 'read',
    summary: 'List studies, newest first, without their reports',
    query: strict({
      ...pageQuery,
      model: Type.Optional(Reference),
      kind: Type.Optional(StudyKind),
      state: Type.Optional(StudyState),
    }),
    reply: page(StudySummary),
  },
  cancel: {
    method: 'POST',
    path: '/api/v1/studies/:id/cancel',
    permission: 'write',
    summary: 'End an study that is not done',
    params: byId,
    reply: Study,
  },
});
