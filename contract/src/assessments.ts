import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import {
  byModelVersion,
  literals,
  Name,
  nullable,
  page,
  Reference,
  Row,
  strict,
  Timestamp,
} from './common.ts';
import { endpoints } from './endpoint.ts';

export const AssessmentKind = literals('leakage', 'fairness', 'latency', 'skew');
export type AssessmentKind = Static<typeof AssessmentKind>;

const column = Type.String({ minLength: 1, maxLength: 10_000 });
const columns = (description: string) =>
  Type.Optional(Type.Array(column, { minItems: 1, maxItems: 1000, description }));
const count = Type.Integer();
const share = Type.Number({ description: '0 to 1' });

const RowOverlap = Type.Object({
  columns: Type.Array(Type.String(), { description: 'that must all be equal; two missing values are equal' }),
  rows: count,
  share,
  examples: Type.Array(Row, { description: 'at most five of those rows' }),
});
export type RowOverlap = Static<typeof RowOverlap>;

export const FeaturePower = Type.Object({
  feature: Type.String(),
  measure: literals('auc', 'spearman', 'correlation-ratio', 'majority'),
  power: Type.Number({
    description: 'how well this feature alone tells the label: 0 not at all, 1 without fail',
  }),
  suspicious: Type.Boolean(),
});
export type FeaturePower = Static<typeof FeaturePower>;

export const Leakage = Type.Object({
  train: Type.String({ description: 'days@2' }),
  test: Type.String(),
  trainRows: count,
  testRows: count,
  duplicates: RowOverlap,
  entities: nullable(RowOverlap),
  order: nullable(
    Type.Object({
      column: Type.String(),
      newestTrain: Type.String(),
      oldestTest: Type.String(),
      rows: Type.Integer({ description: 'of the test that are not newer than the newest row of the train' }),
      share,
    }),
  ),
  powers: Type.Array(FeaturePower, { description: 'the strongest first' }),
  threshold: Type.Number({ description: 'a feature of this power or more is suspicious' }),
  later: Type.Array(
    Type.Object({
      column: Type.String({ description: 'when a feature became known' }),
      labelTime: Type.String({ description: 'when the label became known' }),
      rows: Type.Integer({ description: 'of the train whose feature is not older than its label' }),
      share,
      examples: Type.Array(Row),
    }),
  ),
});
export type Leakage = Static<typeof Leakage>;

const Gap = Type.Object({
  value: nullable(Type.Number({ description: 'null where it is not defined for two groups' })),
  low: nullable(Type.Number()),
  high: nullable(Type.Number()),
});
export type Gap = Static<typeof Gap>;

export const FairnessGroup = Type.Object({
  group: Type.String(),
  rows: count,
  positives: Type.Integer({ description: 'rows whose label is the positive class' }),
  selectionRate: Type.Number({ description: 'share called positive' }),
  truePositiveRate: nullable(Type.Number({ description: 'null without a positive row' })),
  falsePositiveRate: nullable(Type.Number({ description: 'null without a negative row' })),
  small: Type.Boolean({ description: 'fewer than 30 rows, positives or negatives: its rates say little' }),
});
export type FairnessGroup = Static<typeof FairnessGroup>;

const gaps = {
  demographic_parity_difference: Gap,
  demographic_parity_ratio: Gap,
  equal_opportunity_difference: Gap,
  equal_opportunity_ratio: Gap,
  equalized_odds_difference: Gap,
  equalized_odds_ratio: Gap,
};
export const FairnessColumn = Type.Object({
  column: Type.String(),
  groups: Type.Array(FairnessGroup),
  gaps: Type.Object(gaps),
});
export type FairnessColumn = Static<typeof FairnessColumn>;
export type GapName = keyof typeof gaps;

export const Fairness = Type.Object({
  evaluation: Type.String(),
  dataset: Type.String(),
  columns: Type.Array(FairnessColumn),
});
export type Fairness = Static<typeof Fairness>;

export const Latency = Type.Object({
  dataset: Type.String({ description: 'whose rows were predicted, one at a time' }),
  runtime: Type.String(),
  predictions: count,
  warmup: count,
  p50_ms: Type.Number(),
  p95_ms: Type.Number(),
  p99_ms: Type.Number(),
  max_ms: Type.Number(),
  mean_ms: Type.Number(),
  machine: Type.Object({
    name: Type.String(),
    cpu: Type.String(),
    cores: Type.Integer(),
    memoryBytes: Type.Integer(),
    platform: Type.String(),
    load: Type.Number({ description: 'of the last minute, before it began' }),
  }),
});
export type Latency = Static<typeof Latency>;

export const FeatureSkew = Type.Object({
  feature: Type.String(),
  psi: Type.Number({ description: 'population stability index over the bins of the training set' }),
  pValue: Type.Number({ description: 'chi-square over the same bins, times the number of features' }),
  missingTrained: share,
  missingServed: share,
  outOfRange: nullable(Type.Number({ description: 'share of served numbers beyond all trained ones' })),
  unequal: nullable(
    Type.Number({ description: 'share of rows of the same key whose value differs; null without a key' }),
  ),
  shifted: Type.Boolean(),
});
export type FeatureSkew = Static<typeof FeatureSkew>;

export const Skew = Type.Object({
  train: Type.String(),
  served: Type.String({ description: 'where the rows come from: endpoint:forecast, served@3' }),
  trainRows: count,
  servedRows: count,
  matched: nullable(Type.Integer({ description: 'served rows whose key one row of the training set has' })),
  features: Type.Array(FeatureSkew, { description: 'the most shifted first' }),
});
export type Skew = Static<typeof Skew>;

/** Something measured of a version, beside its evaluations; gates read the newest of each kind. */
const assessment = <F extends TProperties>(findings: F) =>
  Type.Object({
    id: Type.String(),
    model: Type.String(),
    ...findings,
    notes: Type.Array(Type.String(), { description: 'what a reader must know of it' }),
    createdAt: Timestamp,
    createdBy: Type.String(),
  });
export const Assessment = assessment({
  kind: AssessmentKind,
  leakage: nullable(Leakage),
  fairness: nullable(Fairness),
  latency: nullable(Latency),
  skew: nullable(Skew),
});
export type Assessment = Static<typeof Assessment>;

const assess = <B extends TSchema>(kind: AssessmentKind, summary: string, body: B) =>
  ({
    method: 'POST',
    path: `/api/v1/models/:name/versions/:version/assessments/${kind}`,
    permission: 'write',
    summary,
    params: byModelVersion,
    body,
    reply: Assessment,
    status: 201,
  }) as const;

export const assessmentEndpoints = endpoints({
  assessLeakage: assess(
    'leakage',
    'Look for rows of the test in the training set, and for features that know the label',
    strict({
      test: Reference,
      train: Type.Optional(Reference),
      columns: columns('rows equal in all of them are duplicates; the inputs of the model when absent'),
      key: columns('columns that name the entity of a row'),
      target: Type.Optional(column),
      timeColumn: Type.Optional(column),
      featureTimes: columns('columns that say when a feature became known'),
      labelTime: Type.Optional(column),
      threshold: Type.Optional(
        Type.Number({ minimum: 0.5, maximum: 1, description: 'power that makes a feature suspicious; 0.99' }),
      ),
    }),
  ),
  assessFairness: assess(
    'fairness',
    'Gaps between the groups of protected columns, from an evaluation that judged them as slices',
    strict({
      columns: Type.Array(column, { minItems: 1, maxItems: 20 }),
      evaluation: Type.Optional(Type.String({ maxLength: 128, description: 'the newest when absent' })),
    }),
  ),
  assessLatency: assess(
    'latency',
    'Time single predictions on this machine, warm',
    strict({
      dataset: Type.Optional(Reference),
      predictions: Type.Optional(
        Type.Integer({ minimum: 20, maximum: 20_000, description: 'default 1,000, or what 20 seconds give' }),
      ),
    }),
  ),
  assessSkew: assess(
    'skew',
    'Compare rows as they were served with the training set',
    strict({
      served: Type.Optional(Reference),
      endpoint: Type.Optional(Name),
      train: Type.Optional(Reference),
      key: columns('columns that name a row in both: then its values are compared one by one'),
    }),
  ),
  listAssessments: {
    method: 'GET',
    path: '/api/v1/models/:name/versions/:version/assessments',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'What was measured of this version, newest first, at most 100',
    params: byModelVersion,
    query: strict({ kind: Type.Optional(AssessmentKind) }),
    reply: page(Assessment),
  },
});
