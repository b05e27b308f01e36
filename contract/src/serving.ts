import { type Static, Type } from 'typebox';
import {
  byId,
  byName,
  Done,
  integer,
  Json,
  literals,
  Name,
  nullable,
  page,
  pageQuery,
  Reference,
  Row,
  strict,
  Timestamp,
} from './common.ts';
import { endpoints } from './endpoint.ts';
import { Comparison } from './evaluations.ts';
import { FeatureStatus } from './online-features.ts';

export const Variant = strict({
  name: Name,
  model: Reference,
  /** Share of live traffic; the weights of live variants add up to 1. */
  weight: Type.Number({ minimum: 0, maximum: 1 }),
  /** Predicts on every request, answers none. */
  shadow: Type.Optional(Type.Boolean()),
  /** Feature view whose online values this variant reads; without it the record carries the features. */
  view: Type.Optional(Reference),
  /** Feature service whose features this variant looks up by the record's keys; what the request brings stands in the record. */
  service: Type.Optional(Reference),
  /** What runs the model; auto is ONNX where the version has it, else Python. */
  runtime: Type.Optional(literals('auto', 'onnx', 'python')),
});
export type Variant = Static<typeof Variant>;

/**
 * What answers when the model cannot: another model version, the one that answered most before (`previous`, pinned when
 * the revision is written), a CEL rule over the record and its features, or a constant.
 */
export const FallbackStep = Type.Union([
  Type.Literal('previous'),
  strict({
    model: Reference,
    view: Type.Optional(Reference),
    service: Type.Optional(Reference),
    /** Set where the server pinned `previous`. */
    previous: Type.Optional(Type.Literal(true)),
  }),
  strict({ rule: Type.String({ minLength: 1, maxLength: 2000 }) }),
  strict({ value: Type.Number() }),
]);
export type FallbackStep = Static<typeof FallbackStep>;

export const EndpointDefinition = {
  description: Type.Optional(Type.String({ maxLength: 2000 })),
  variants: Type.Array(Variant, { minItems: 1, maxItems: 20 }),
  /** Columns of a record that name its entity. */
  entity: Type.Array(Type.String(), { minItems: 1, maxItems: 8 }),
  /** CEL over the record and its features; answers on failure, timeout or switch. */
  fallback: Type.Optional(Type.String({ maxLength: 2000 })),
  /** What answers then, one after another; `fallback` is the short form of a single rule. */
  fallbacks: Type.Optional(Type.Array(FallbackStep, { maxItems: 8 })),
  /** For a request, all its steps and waiting included; a caller may ask for less. */
  timeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 600_000 })),
  /** Requests under way at once; further ones get 429. */
  maxQueue: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  /** Calls to a model at once; chosen by the kind of its runtime where it is left out. */
  maxConcurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
  isolation: Type.Optional(literals('in-process', 'child-process')),
  log: Type.Optional(literals('buffered', 'sync', 'off')),
  /** Alias of the model that follows promotions on this endpoint. */
  alias: Type.Optional(Name),
};

export const EndpointRevision = Type.Object({
  endpoint: Type.String(),
  revision: Type.Integer(),
  uri: Type.String({ description: 'endpoint:forecast@3' }),
  live: Type.Boolean(),
  description: Type.String(),
  variants: Type.Array(Variant),
  entity: Type.Array(Type.String()),
  fallback: nullable(Type.String()),
  fallbacks: Type.Array(FallbackStep),
  timeoutMs: Type.Integer(),
  maxQueue: Type.Integer(),
  maxConcurrency: nullable(Type.Integer()),
  isolation: literals('in-process', 'child-process'),
  log: literals('buffered', 'sync', 'off'),
  alias: nullable(Type.String()),
  reason: Type.String(),
  createdAt: Timestamp,
  createdBy: Type.String(),
});
export type EndpointRevision = Static<typeof EndpointRevision>;

export const RuntimeStatus = Type.Object({
  variant: Type.String(),
  model: Type.String(),
  kind: Type.String(),
  state: literals('ready', 'starting', 'unloaded', 'dead'),
  pid: nullable(Type.Integer()),
  restarts: Type.Integer(),
  breaker: literals('closed', 'open', 'half-open'),
});
export type RuntimeStatus = Static<typeof RuntimeStatus>;

export const EndpointStatus = Type.Object({
  name: Type.String(),
  live: EndpointRevision,
  fallbackForced: Type.Boolean(),
  fallbackReason: nullable(Type.String()),
  fallbackStep: nullable(Type.Integer({ description: 'which step answers then, counted from 1' })),
  runtimes: Type.Array(RuntimeStatus),
  queue: Type.Object({
    underWay: Type.Integer(),
    refused: Type.Integer({ description: 'since the server started' }),
    perSecond: nullable(Type.Number({ description: 'answers, of late' })),
  }),
});
export type EndpointStatus = Static<typeof EndpointStatus>;

/** What a model says of one record: mostly a number, but a label is text, and a vector a list. */
export type PredictionValue = number | string | boolean | (number | string | boolean)[];
/** Types by name instead of a union: the serialiser of replies tells them apart without validating. */
export const PredictionValue = Type.Unsafe<PredictionValue>({
  type: ['number', 'string', 'boolean', 'array'],
  items: {},
});

/** Exact for ensembles of trees: base and contributions of an output add up to what the model gave. */
export const Explanation = Type.Object({
  space: literals('prediction', 'log-odds', 'margin'),
  outputs: Type.Array(
    Type.Object({
      output: Type.String({ description: 'a class, or prediction' }),
      base: Type.Number({ description: 'when no input is known' }),
      contributions: Type.Record(Type.String(), Type.Number()),
    }),
  ),
});
export type Explanation = Static<typeof Explanation>;

export const PredictReply = Type.Object({
  endpoint: Type.String(),
  revision: Type.Integer(),
  predictions: Type.Array(
    Type.Object({
      id: Type.String(),
      value: PredictionValue,
      outputs: Type.Optional(
        Type.Unsafe<Record<string, PredictionValue>>({
          type: 'object',
          additionalProperties: {},
          description: 'every output by name, of a model that has more than the one in value',
        }),
      ),
      variant: Type.String(),
      model: Type.String({ description: 'forecaster@2, or "fallback"' }),
      source: literals('model', 'fallback'),
      step: Type.Optional(literals('previous', 'model', 'rule', 'value')),
      warnings: Type.Array(Type.String()),
      explanation: Type.Optional(Explanation),
      features: Type.Optional(Row),
    }),
  ),
  fallbackReason: nullable(Type.String()),
  milliseconds: Type.Object({
    queue: Type.Number(),
    features: Type.Number(),
    inference: Type.Number(),
    total: Type.Number(),
  }),
});
export type PredictReply = Static<typeof PredictReply>;

const Percentile = nullable(Type.Number({ description: 'milliseconds; right to within 5 %' }));
export const PhaseTimes = Type.Object({ p50: Percentile, p95: Percentile, p99: Percentile });
export type PhaseTimes = Static<typeof PhaseTimes>;

const trafficCounts = {
  requests: Type.Integer({ description: 'answered or not' }),
  fallbacks: Type.Integer({ description: 'of them, answered by what stands in for the model' }),
  failures: Type.Integer({ description: 'of them, not answered: the reply was an error' }),
  phases: Type.Object({
    queue: PhaseTimes,
    features: PhaseTimes,
    inference: PhaseTimes,
    total: PhaseTimes,
  }),
};
const ofVariant = {
  variant: Type.String({ description: 'empty: a failure of which no single variant is the cause' }),
  model: Type.String({ description: 'forecaster@2, the model that was asked' }),
};

export const EndpointStats = Type.Object({
  endpoint: Type.String(),
  from: Timestamp,
  to: Timestamp,
  variants: Type.Array(Type.Object({ ...ofVariant, ...trafficCounts })),
  series: Type.Array(Type.Object({ at: Timestamp, ...ofVariant, ...trafficCounts }), {
    description: 'the same by the minute, oldest first',
  }),
});
export type EndpointStats = Static<typeof EndpointStats>;

const lastMinutes = strict({ minutes: Type.Optional(integer({ minimum: 1, maximum: 60 })) });

export const PredictionRecord = Type.Object({
  id: Type.String(),
  at: Timestamp,
  eventTime: Timestamp,
  key: Type.String(),
  revision: Type.Integer(),
  variant: Type.String(),
  model: Type.String(),
  role: literals('live', 'shadow'),
  source: literals('model', 'fallback'),
  fallbackReason: nullable(Type.String()),
  features: Row,
  online: Type.Optional(
    Type.Object(
      {
        service: Type.String(),
        values: Type.Array(Type.Unknown()),
        statuses: Type.Array(FeatureStatus),
        eventTimes: Type.Array(nullable(Timestamp)),
      },
      { description: 'what was looked up of a feature service, parallel to its features' },
    ),
  ),
  prediction: nullable(
    Type.Number({ description: 'the one number of the answer; null where it is none, see `output`' }),
  ),
  output: nullable(
    Type.Record(Type.String(), Type.Unknown(), {
      description: 'the answer by the names of its outputs, where it is more than one number',
    }),
  ),
  status: literals('ok', 'fallback', 'failed', 'refused'),
  error: nullable(Type.String({ description: 'why the request got no answer' })),
  warnings: Type.Array(Type.String()),
  fallbackStep: nullable(Type.String({ description: 'which step of the fallback chain answered' })),
  caller: nullable(Type.String({ description: 'who asked: user:ada, token:shop' })),
  requestId: nullable(Type.String()),
  rows: Type.Integer({ description: 'how many rows this line stands for' }),
  outcome: nullable(Type.Number()),
  outcomeLabel: nullable(Type.String({ description: 'the class it turned out to be, where that is a text' })),
  outcomeAt: nullable(Timestamp),
  queueMs: Type.Number(),
  featureMs: Type.Number(),
  inferenceMs: Type.Number(),
  totalMs: Type.Number(),
});
export type PredictionRecord = Static<typeof PredictionRecord>;

export const RolloutPolicy = strict({
  minimumPairs: Type.Optional(Type.Integer({ minimum: 4, maximum: 100_000 })),
  alpha: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 0.5 })),
  canaryWeight: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1 })),
  canaryPairs: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  /** Roll back at once when one error of the candidate exceeds this multiple of the live model's largest error in its evidence. */
  guardRatio: Type.Optional(Type.Number({ exclusiveMinimum: 1 })),
  /** Give up as INCONCLUSIVE after so many pairs. */
  maximumPairs: Type.Optional(integer({ minimum: 4 })),
});
export type RolloutPolicy = Static<typeof RolloutPolicy>;

export const Rollout = Type.Object({
  id: Type.String(),
  endpoint: Type.String(),
  candidate: Type.String(),
  view: nullable(Type.String({ description: 'what the candidate reads its features from: price_stats@2' })),
  service: nullable(Type.String({ description: 'or a feature service: pricing@1' })),
  champion: Type.String(),
  stage: literals('shadow', 'canary', 'promoted', 'rolled-back', 'rejected', 'expired'),
  evidence: nullable(Comparison),
  policy: Json,
  timeline: Type.Array(
    Type.Object({ at: Timestamp, stage: Type.String(), text: Type.String(), actor: Type.String() }),
  ),
  createdAt: Timestamp,
  finishedAt: nullable(Timestamp),
});
export type Rollout = Static<typeof Rollout>;

export const endpointsEndpoints = endpoints({
  put: {
    method: 'PUT',
    path: '/api/v1/endpoints/:name',
    permission: 'operate',
    resource: 'endpoint:{name}',
    summary:
      'Write a new immutable revision and make it live in one step; every model version must be approved or overridden',
    params: byName,
    body: strict({ ...EndpointDefinition, reason: Type.Optional(Type.String({ maxLength: 2000 })) }),
    reply: Type.Intersect([EndpointRevision, Type.Object({ unchanged: Type.Boolean() })]),
  },
  list: {
    method: 'GET',
    path: '/api/v1/endpoints',
    permission: 'read',
    summary: 'List endpoints',
    query: strict(pageQuery),
    reply: page(EndpointRevision),
  },
  get: {
    method: 'GET',
    path: '/api/v1/endpoints/:name',
    permission: 'read',
    resource: 'endpoint:{name}',
    summary: 'The live revision, the switch and the runtimes',
    params: byName,
    reply: EndpointStatus,
  },
  listRevisions: {
    method: 'GET',
    path: '/api/v1/endpoints/:name/revisions',
    permission: 'read',
    resource: 'endpoint:{name}',
    summary: 'All revisions, newest first',
    params: byName,
    query: strict(pageQuery),
    reply: page(EndpointRevision),
  },
  stats: {
    method: 'GET',
    path: '/api/v1/endpoints/:name/stats',
    permission: 'read',
    resource: 'endpoint:{name}',
    summary: 'Requests, failures and percentiles per variant and phase, of the last minutes on this server',
    params: byName,
    query: lastMinutes,
    reply: EndpointStats,
  },
  listStats: {
    method: 'GET',
    path: '/api/v1/endpoint-stats',
    permission: 'read',
    summary: 'The same of every endpoint, the busiest first, without the single minutes',
    query: lastMinutes,
    reply: Type.Object({ items: Type.Array(Type.Omit(EndpointStats, ['series'])) }),
  },
  predict: {
    method: 'POST',
    path: '/api/v1/endpoints/:name/predict',
    permission: 'invoke',
    resource: 'endpoint:{name}',
    isHot: true,
    summary: 'Predict: records in, predictions out',
    headers: { idempotencyKey: 'idempotency-key' },
    admission: true,
    params: byName,
    body: strict({
      records: Type.Array(Row, { minItems: 1, description: 'at most 1000' }),
      eventTime: Type.Optional(
        Type.Union([Timestamp, Type.String()], {
          description: 'the moment the prediction is for; default now',
        }),
      ),
      requestId: Type.Optional(Type.String({ maxLength: 200 })),
      idempotencyKey: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 200,
          description:
            'a request that is sent again with it within ten minutes gets the same reply and is logged once; also as the header Idempotency-Key',
        }),
      ),
      explain: Type.Optional(
        Type.Boolean({
          description:
            'what each input contributed, for at most 100 records and models of trees that were trained here',
        }),
      ),
      probe: Type.Optional(
        Type.Boolean({
          description:
            'a question that leaves no trace: nothing is logged, no shadow is asked, and the reply tells the features; needs the permission to read',
        }),
      ),
    }),
    reply: PredictReply,
  },
  getOpenApi: {
    method: 'GET',
    path: '/api/v1/endpoints/:name/openapi.json',
    permission: 'invoke',
    resource: 'endpoint:{name}',
    summary: 'What the endpoint takes and gives, as an OpenAPI 3.1 document',
    params: byName,
    reply: Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: {} }),
  },
  getClient: {
    method: 'GET',
    path: '/api/v1/endpoints/:name/client.:language',
    permission: 'invoke',
    resource: 'endpoint:{name}',
    summary: 'A typed client of the endpoint in one file, with a double of it for tests',
    params: strict({ name: Name, language: literals('ts', 'py') }),
    download: true,
  },
  rollback: {
    method: 'POST',
    path: '/api/v1/endpoints/:name/rollback',
    permission: 'operate',
    resource: 'endpoint:{name}',
    summary:
      'Make an earlier revision live again (default: the one before); works while automation is paused',
    params: byName,
    body: strict({
      revision: Type.Optional(integer({ minimum: 1 })),
      reason: Type.String({ minLength: 1, maxLength: 2000 }),
    }),
    reply: EndpointRevision,
  },
  forceFallback: {
    method: 'POST',
    path: '/api/v1/endpoints/:name/fallback',
    permission: 'operate',
    resource: 'endpoint:{name}',
    summary: 'Switch the endpoint to its fallbacks, or back',
    params: byName,
    body: strict({
      enabled: Type.Boolean(),
      step: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 9,
          description: 'of its fallbacks, to begin with; default the first',
        }),
      ),
      reason: Type.String({ minLength: 1, maxLength: 2000 }),
    }),
    reply: EndpointStatus,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/endpoints/:name',
    permission: 'operate',
    resource: 'endpoint:{name}',
    summary: 'Delete an endpoint; its log stays',
    params: byName,
    reply: Done,
  },
});

export const Performance = Type.Object({
  endpoint: Type.String(),
  groups: Type.Array(
    Type.Object({
      bucket: Type.String(),
      model: Type.String(),
      role: Type.String(),
      count: Type.Integer(),
      outcomes: Type.Integer(),
      mae: nullable(Type.Number()),
      bias: nullable(Type.Number()),
      accuracy: nullable(
        Type.Number({ description: 'of classes: how often the likeliest one was it; null of other models' }),
      ),
      logLoss: nullable(
        Type.Number({ description: 'of probabilities: minus the logarithm of what was right' }),
      ),
      brier: nullable(Type.Number({ description: 'of probabilities: squared distance to what was right' })),
    }),
  ),
});
export type Performance = Static<typeof Performance>;

export const OutcomeResult = literals('accepted', 'corrected', 'unchanged', 'unmatched');
export type OutcomeResult = Static<typeof OutcomeResult>;

export const OutcomesReply = Type.Object({
  accepted: Type.Integer({ description: 'how many were taken: all of them' }),
  corrected: Type.Integer({ description: 'of units that had another outcome before' }),
  unchanged: Type.Integer({ description: 'that said nothing new' }),
  unmatched: Type.Integer({
    description: 'of no prediction that is in the log by now; kept, and joined when there is one',
  }),
  results: Type.Array(OutcomeResult, { description: 'of each outcome, in their order' }),
});
export type OutcomesReply = Static<typeof OutcomesReply>;

export const LogRedaction = strict({
  column: Type.String({ minLength: 1, maxLength: 300 }),
  how: literals('omit', 'hash', 'truncate'),
});
export type LogRedaction = Static<typeof LogRedaction>;

export const LogStatus = Type.Object({
  endpoint: Type.String(),
  retentionDays: nullable(Type.Integer({ description: 'null: it is kept for ever' })),
  redact: Type.Array(LogRedaction),
  predictions: Type.Integer(),
  outcomes: Type.Integer(),
  openSegments: Type.Integer(),
  sealedSegments: Type.Integer(),
  lost: Type.Integer({ description: 'lines that could not be written since the server was started' }),
  waiting: Type.Integer({ description: 'lines that are not in the file yet' }),
  unwrittenFailures: Type.Integer({ description: 'requests without an answer that were counted only' }),
  problem: nullable(Type.String({ description: 'why the last write failed' })),
});
export type LogStatus = Static<typeof LogStatus>;

export const EndpointUsage = Type.Object({
  endpoint: Type.String(),
  intendedUse: Type.Array(Type.Object({ model: Type.String(), intendedUse: nullable(Type.String()) }), {
    description: 'what the cards of the models say they are for',
  }),
  groups: Type.Array(
    Type.Object({
      caller: nullable(Type.String()),
      model: Type.String(),
      requests: Type.Integer(),
      predictions: Type.Integer(),
      outsideShare: Type.Number({
        description: 'share of predictions with an input outside the training range',
      }),
      fallbackShare: Type.Number(),
      failed: Type.Integer(),
      lastAt: Timestamp,
    }),
  ),
});
export type EndpointUsage = Static<typeof EndpointUsage>;

export const predictionsEndpoints = endpoints({
  logStatus: {
    method: 'GET',
    path: '/api/v1/endpoints/:name/log',
    permission: 'read',
    resource: 'endpoint:{name}',
    summary: 'How large the log is, what it lost, how long it is kept and what is never written',
    params: byName,
    reply: LogStatus,
  },
  putLog: {
    method: 'PUT',
    path: '/api/v1/endpoints/:name/log',
    permission: 'operate',
    resource: 'endpoint:{name}',
    summary: 'How long the log is kept, and which columns are never written; for lines from now on',
    params: byName,
    body: strict({
      retentionDays: Type.Optional(nullable(Type.Integer({ minimum: 1, maximum: 36_500 }))),
      redact: Type.Optional(Type.Array(LogRedaction, { maxItems: 100 })),
    }),
    reply: LogStatus,
  },
  usage: {
    method: 'GET',
    path: '/api/v1/endpoints/:name/usage',
    permission: 'read',
    resource: 'endpoint:{name}',
    summary: 'Who calls it, which versions answer, how often outside the training range or by the fallback',
    params: byName,
    query: strict({
      since: Type.Optional(Timestamp),
    }),
    reply: EndpointUsage,
  },
  list: {
    method: 'GET',
    path: '/api/v1/endpoints/:name/predictions',
    permission: 'read',
    resource: 'endpoint:{name}',
    summary: 'Logged predictions with their outcomes, newest event time first',
    params: byName,
    query: strict({
      cursor: Type.Optional(Type.String({ maxLength: 1000 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
      from: Type.Optional(Timestamp),
      to: Type.Optional(Timestamp),
      model: Type.Optional(Type.String()),
      variant: Type.Optional(Type.String()),
      status: Type.Optional(literals('ok', 'fallback', 'failed', 'refused')),
      source: Type.Optional(literals('model', 'fallback')),
      role: Type.Optional(literals('live', 'shadow')),
      caller: Type.Optional(Type.String({ maxLength: 300 })),
      requestId: Type.Optional(Type.String({ maxLength: 300 })),
      key: Type.Optional(
        Type.String({
          maxLength: 4000,
          description: 'the entity: a JSON array of its columns, or one value',
        }),
      ),
    }),
    reply: page(PredictionRecord),
  },
  get: {
    method: 'GET',
    path: '/api/v1/endpoints/:name/predictions/:id',
    permission: 'read',
    resource: 'endpoint:{name}',
    summary: 'One logged prediction; of a request id that was used again the latest',
    params: strict({ name: Name, id: Type.String({ minLength: 1, maxLength: 300 }) }),
    reply: PredictionRecord,
  },
  recordOutcomes: {
    method: 'POST',
    path: '/api/v1/endpoints/:name/outcomes',
    permission: 'invoke',
    resource: 'endpoint:{name}',
    summary:
      'What really happened, by prediction id or by entity key and event time; acknowledged means durable',
    params: byName,
    body: strict({
      outcomes: Type.Array(
        strict({
          predictionId: Type.Optional(Type.String()),
          entity: Type.Optional(Row),
          eventTime: Type.Optional(Type.Union([Timestamp, Type.String()])),
          value: Type.Union([Type.Number(), Type.String({ minLength: 1, maxLength: 300 })], {
            description: 'a number, or the class it turned out to be',
          }),
          observedAt: Type.Optional(Type.Union([Timestamp, Type.String()])),
        }),
        { minItems: 1, maxItems: 10_000 },
      ),
    }),
    reply: OutcomesReply,
  },
  performance: {
    method: 'GET',
    path: '/api/v1/endpoints/:name/performance',
    permission: 'read',
    resource: 'endpoint:{name}',
    summary: 'Realised error per model, role and period',
    params: byName,
    query: strict({
      bucket: Type.Optional(literals('day', 'month', 'all')),
      from: Type.Optional(Timestamp),
      to: Type.Optional(Timestamp),
    }),
    reply: Performance,
  },
});

export const rolloutsEndpoints = endpoints({
  start: {
    method: 'POST',
    path: '/api/v1/rollouts',
    permission: 'operate',
    resource: 'endpoint:{endpoint}',
    summary: 'Prove a candidate against the live model: shadow, then canary, then promoted or taken back',
    body: strict({
      endpoint: Name,
      candidate: Reference,
      view: Type.Optional(Reference),
      service: Type.Optional(Reference),
      stage: Type.Optional(literals('shadow', 'canary')),
      policy: Type.Optional(RolloutPolicy),
      reason: Type.Optional(Type.String({ maxLength: 2000 })),
    }),
    reply: Rollout,
    status: 201,
  },
  list: {
    method: 'GET',
    path: '/api/v1/rollouts',
    permission: 'read',
    summary: 'List rollouts, newest first',
    query: strict({ ...pageQuery, endpoint: Type.Optional(Name) }),
    reply: page(Rollout),
  },
  get: {
    method: 'GET',
    path: '/api/v1/rollouts/:id',
    permission: 'read',
    summary: 'Get a rollout with its evidence',
    params: byId,
    reply: Rollout,
  },
  promote: {
    method: 'POST',
    path: '/api/v1/rollouts/:id/promote',
    permission: 'operate',
    summary: 'Promote now, by name and reason',
    params: byId,
    body: strict({ reason: Type.String({ minLength: 1 }) }),
    reply: Rollout,
  },
  rollBack: {
    method: 'POST',
    path: '/api/v1/rollouts/:id/rollback',
    permission: 'operate',
    summary: 'Take the candidate back; works while automation is paused',
    params: byId,
    body: strict({ reason: Type.String({ minLength: 1 }) }),
    reply: Rollout,
  },
});
