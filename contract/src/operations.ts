import { type Static, Type } from 'typebox';
import { GrantResource, Role } from './access.ts';
import {
  byId,
  byName,
  Done,
  Duration,
  Json,
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
import { EntityDefinition } from './entities.ts';
import { EvaluationRequest } from './evaluations.ts';
import { FeatureServiceDefinition } from './feature-services.ts';
import { FeatureViewDefinition } from './feature-views.ts';
import { JobParameters } from './jobs.ts';
import { ModelTestCases } from './model-tests.ts';
import { GateDefinition } from './models.ts';
import { EndpointDefinition, RolloutPolicy } from './serving.ts';
import { SourceDefinition } from './sources.ts';
import { SearchDefinition, SweepGoal, SweepRequest, TrialCommand } from './sweeps.ts';
import { TrainingSetRequest, trainingViews } from './training-sets.ts';
import { Expectations } from './validation.ts';

export const MonitorDefinition = {
  /** What is watched: an endpoint, or a feature view (`price_stats`, or one version of it: `price_stats@2`). */
  endpoint: Type.Optional(Name),
  view: Type.Optional(Reference),
  /** Of endpoints drift, out-of-range, error and skew; of views freshness, parity, null-rate and feature-drift. */
  kind: literals(
    'drift',
    'out-of-range',
    'error',
    'skew',
    'freshness',
    'parity',
    'null-rate',
    'feature-drift',
  ),
  /** Feature columns to watch; default: all of the live model. */
  columns: Type.Optional(Type.Array(Type.String())),
  /** Dataset version the window is held against; default: the live model's training set. */
  reference: Type.Optional(Reference),
  /** Rows (entity and event time pairs) per window. */
  window: Type.Optional(Type.Integer({ minimum: 5, maximum: 100_000 })),
  /** Probability of a false alarm per check and column; the threshold follows from it and the window's size. */
  falseAlarmRate: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 0.5 })),
  /** Of views: how often it is looked at, `1m` to `30d`; default `1h`. */
  interval: Type.Optional(Duration),
  /** Of null-rate: the greatest share of nulls that is fine. */
  maximum: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  /** Of parity: how long online may be behind what is offline; default `1d`. */
  behind: Type.Optional(Duration),
  /** Webhook called when an alert opens. */
  webhook: Type.Optional(Type.String({ maxLength: 2000 })),
};
export const Monitor = Type.Object({
  name: Type.String(),
  ...MonitorDefinition,
  /** Declared by nobody: a view with a freshness objective, or with values online, is watched by itself. */
  automatic: Type.Optional(Type.Boolean()),
  createdAt: Timestamp,
});
export type Monitor = Static<typeof Monitor>;

export const MonitorResult = Type.Object({
  monitor: Type.String(),
  endpoint: nullable(Type.String()),
  view: Type.Optional(Type.String({ description: 'the version of a feature view: price_stats@2' })),
  kind: Type.String(),
  eventTime: Timestamp,
  column: Type.String(),
  statistic: Type.String({
    description:
      'ks, above, below, mae, chi-square, differs; of views age-ms, wrong, behind-ms, null-rate, broken',
  }),
  value: Type.Number(),
  threshold: Type.Number(),
  breached: Type.Boolean(),
  rows: Type.Integer(),
  checkedAt: Timestamp,
});
export type MonitorResult = Static<typeof MonitorResult>;

export const Alert = Type.Object({
  id: Type.String(),
  monitor: Type.String(),
  endpoint: nullable(Type.String()),
  view: Type.Optional(Type.String({ description: 'the version of a feature view: price_stats@2' })),
  kind: Type.String(),
  state: literals('open', 'acknowledged', 'resolved'),
  title: Type.String(),
  causes: Type.Array(
    Type.Object({
      column: Type.String(),
      text: Type.String(),
      value: Type.Number(),
      threshold: Type.Number(),
      rows: Type.Array(Json),
    }),
  ),
  eventTime: Timestamp,
  openedAt: Timestamp,
  resolvedAt: nullable(Timestamp),
  loopRun: nullable(Type.String()),
});
export type Alert = Static<typeof Alert>;

const sweepRecipe = strict({
  experiment: SweepRequest.experiment,
  features: SweepRequest.features,
  target: SweepRequest.target,
  timeColumn: SweepRequest.timeColumn,
  learners: SweepRequest.learners,
  trials: SweepRequest.trials,
  folds: SweepRequest.folds,
  metric: SweepRequest.metric,
  seed: SweepRequest.seed,
  confirm: SweepRequest.confirm,
});
const trainingSetRecipe = strict({
  name: TrainingSetRequest.name,
  entities: TrainingSetRequest.entities,
  views: Type.Optional(trainingViews),
  service: TrainingSetRequest.service,
  label: TrainingSetRequest.label,
});

const { space, sampler, pruner, budget, parallel, seed } = SearchDefinition.properties;

/**
 * A script of the user's own: each retraining is a job of it, or a search over its parameters, on the rows before the window
 * of the evaluation. The training set is the first of its inputs.
 */
const scriptRecipe = strict({
  experiment: SweepRequest.experiment,
  target: SweepRequest.target,
  timeColumn: SweepRequest.timeColumn,
  folder: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1000,
      description:
        'of the script, from the project file: `tidemill apply` sends what is in it, as `command.code`',
    }),
  ),
  command: TrialCommand,
  /** Of the one job, where nothing is searched. */
  parameters: Type.Optional(JobParameters),
  search: Type.Optional(
    strict({
      ...{ space, goal: SweepGoal, sampler, pruner, budget, parallel, seed },
      /** Run the best again before one is chosen. */
      confirm: SweepRequest.confirm,
    }),
  ),
});

/** How an endpoint's model is made again: data, search, proof, release. By a `sweep` over our learners, or by a `script`. */
export const RetrainingPolicyDefinition = {
  endpoint: Name,
  model: Name,
  trainingSet: trainingSetRecipe,
  sweep: Type.Optional(sweepRecipe),
  script: Type.Optional(scriptRecipe),
  evaluation: strict({ baseline: EvaluationRequest.baseline, window: EvaluationRequest.window }),
  rollout: Type.Optional(RolloutPolicy),
  /** Kinds of monitors whose alerts open a loop run; empty means by hand only. */
  triggers: Type.Optional(Type.Array(literals('drift', 'out-of-range', 'error'))),
  /** Minimum event time between two loop runs. */
  cooldownDays: Type.Optional(Type.Number({ minimum: 0 })),
};
export const RetrainingPolicy = Type.Object({
  name: Type.String(),
  ...RetrainingPolicyDefinition,
  createdAt: Timestamp,
});
export type RetrainingPolicy = Static<typeof RetrainingPolicy>;

export const LoopStep = Type.Object({
  name: literals(
    'trigger',
    'training-set',
    'sweep',
    'job',
    'evaluation',
    'gate',
    'shadow',
    'canary',
    'decision',
  ),
  state: literals('running', 'waiting', 'done', 'failed'),
  text: Type.String(),
  uri: nullable(Type.String()),
  startedAt: Timestamp,
  finishedAt: nullable(Timestamp),
});
export type LoopStep = Static<typeof LoopStep>;

export const LoopRun = Type.Object({
  id: Type.String(),
  policy: Type.String(),
  endpoint: Type.String(),
  trigger: Type.String(),
  alert: nullable(Type.String()),
  state: literals('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled'),
  verdict: nullable(literals('promoted', 'refused', 'rolled-back', 'inconclusive')),
  candidate: nullable(Type.String()),
  rollout: nullable(Type.String()),
  steps: Type.Array(LoopStep),
  createdAt: Timestamp,
  finishedAt: nullable(Timestamp),
});
export type LoopRun = Static<typeof LoopRun>;

export const ProjectDefinition = strict({
  name: Name,
  datasets: Type.Optional(
    Type.Record(
      Type.String(),
      strict({
        description: Type.Optional(Type.String()),
        mapping: Type.Optional(Type.Record(Type.String(), Type.String())),
        dateFormat: Type.Optional(Type.String()),
        /** By column; several are tried in this order. */
        dateFormats: Type.Optional(
          Type.Record(Type.String(), Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })])),
        ),
        /** What every version must be; left out, what is set on the server stays. */
        expectations: Type.Optional(Expectations),
      }),
    ),
  ),
  sources: Type.Optional(Type.Record(Type.String(), SourceDefinition)),
  entities: Type.Optional(Type.Record(Type.String(), EntityDefinition)),
  featureViews: Type.Optional(Type.Record(Type.String(), FeatureViewDefinition)),
  featureServices: Type.Optional(Type.Record(Type.String(), FeatureServiceDefinition)),
  gates: Type.Optional(Type.Record(Type.String(), GateDefinition)),
  /** By model. */
  tests: Type.Optional(Type.Record(Type.String(), ModelTestCases)),
  endpoints: Type.Optional(Type.Record(Type.String(), strict(EndpointDefinition))),
  monitors: Type.Optional(Type.Record(Type.String(), strict(MonitorDefinition))),
  retraining: Type.Optional(Type.Record(Type.String(), strict(RetrainingPolicyDefinition))),
  /** By `user:…`, `group:…` or `token:…`. Taken out of the file, they are taken back; what others granted stays. */
  grants: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Array(strict({ role: Role, on: Type.Optional(GrantResource) }), { maxItems: 1000 }),
    ),
  ),
});
export type ProjectDefinition = Static<typeof ProjectDefinition>;

export const PlannedChange = Type.Object({
  kind: Type.String(),
  name: Type.String(),
  action: literals('create', 'update', 'unchanged', 'wait'),
  changes: Type.Array(Type.String()),
  waitsFor: nullable(Type.String()),
});
export type PlannedChange = Static<typeof PlannedChange>;
export const Plan = Type.Object({ project: Type.String(), changes: Type.Array(PlannedChange) });
export type Plan = Static<typeof Plan>;

export const Overview = Type.Object({
  counts: Type.Object({
    datasetVersions: Type.Integer(),
    runs: Type.Integer(),
    modelVersions: Type.Integer(),
    endpoints: Type.Integer(),
    predictions: Type.Integer(),
    outcomes: Type.Integer(),
    openAlerts: Type.Integer(),
    loopRuns: Type.Integer(),
    fallbacks: Type.Integer(),
  }),
  endpoint: nullable(Type.String()),
  series: Type.Array(
    Type.Object({
      eventTime: Timestamp,
      truth: nullable(Type.Number()),
      prediction: nullable(Type.Number()),
      model: Type.String(),
      source: Type.String(),
      error: nullable(Type.Number()),
    }),
  ),
  spans: Type.Array(Type.Object({ model: Type.String(), from: Timestamp, to: Timestamp })),
  monitors: Type.Array(MonitorResult),
  alerts: Type.Array(Alert),
  loopRun: nullable(LoopRun),
});
export type Overview = Static<typeof Overview>;

export const monitoringEndpoints = endpoints({
  put: {
    method: 'PUT',
    path: '/api/v1/monitors/:name',
    permission: 'operate',
    summary: 'Declare a monitor',
    params: byName,
    body: strict(MonitorDefinition),
    reply: Type.Intersect([Monitor, Type.Object({ unchanged: Type.Boolean() })]),
  },
  list: {
    method: 'GET',
    path: '/api/v1/monitors',
    permission: 'read',
    summary: 'List monitors',
    query: strict({ ...pageQuery, endpoint: Type.Optional(Name), view: Type.Optional(Name) }),
    reply: page(Monitor),
  },
  get: {
    method: 'GET',
    path: '/api/v1/monitors/:name',
    permission: 'read',
    summary: 'Get a monitor',
    params: byName,
    reply: Monitor,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/monitors/:name',
    permission: 'operate',
    summary: 'Delete a monitor',
    params: byName,
    reply: Done,
  },
  check: {
    method: 'POST',
    path: '/api/v1/monitors/:name/checks',
    permission: 'operate',
    summary: 'Judge the newest window now',
    params: byName,
    reply: Type.Object({ results: Type.Array(MonitorResult) }),
  },
  results: {
    method: 'GET',
    path: '/api/v1/monitors/:name/results',
    permission: 'read',
    summary: 'Results by event time, newest first',
    params: byName,
    query: strict({ ...pageQuery, column: Type.Optional(Type.String()) }),
    reply: page(MonitorResult),
  },
});

export const alertsEndpoints = endpoints({
  list: {
    method: 'GET',
    path: '/api/v1/alerts',
    permission: 'read',
    summary: 'List alerts, newest first',
    query: strict({
      ...pageQuery,
      state: Type.Optional(literals('open', 'acknowledged', 'resolved')),
      endpoint: Type.Optional(Name),
      view: Type.Optional(Name),
    }),
    reply: page(Alert),
  },
  get: {
    method: 'GET',
    path: '/api/v1/alerts/:id',
    permission: 'read',
    summary: 'Get an alert with its causes',
    params: byId,
    reply: Alert,
  },
  acknowledge: {
    method: 'POST',
    path: '/api/v1/alerts/:id/acknowledge',
    permission: 'operate',
    summary: 'Say that somebody looks',
    params: byId,
    body: strict({ note: Type.Optional(Type.String()) }),
    reply: Alert,
  },
  resolve: {
    method: 'POST',
    path: '/api/v1/alerts/:id/resolve',
    permission: 'operate',
    summary: 'Close an alert',
    params: byId,
    body: strict({ note: Type.Optional(Type.String()) }),
    reply: Alert,
  },
});

export const retrainingEndpoints = endpoints({
  putPolicy: {
    method: 'PUT',
    path: '/api/v1/retraining-policies/:name',
    permission: 'operate',
    summary: 'Declare how a model is made again',
    params: byName,
    body: strict(RetrainingPolicyDefinition),
    reply: Type.Intersect([RetrainingPolicy, Type.Object({ unchanged: Type.Boolean() })]),
  },
  listPolicies: {
    method: 'GET',
    path: '/api/v1/retraining-policies',
    permission: 'read',
    summary: 'List retraining policies',
    query: strict(pageQuery),
    reply: page(RetrainingPolicy),
  },
  start: {
    method: 'POST',
    path: '/api/v1/loop-runs',
    permission: 'operate',
    summary: 'Retrain now',
    body: strict({ policy: Name, reason: Type.String({ minLength: 1, maxLength: 2000 }) }),
    reply: LoopRun,
    status: 201,
  },
  list: {
    method: 'GET',
    path: '/api/v1/loop-runs',
    permission: 'read',
    summary: 'List loop runs, newest first',
    query: strict({ ...pageQuery, endpoint: Type.Optional(Name) }),
    reply: page(LoopRun),
  },
  get: {
    method: 'GET',
    path: '/api/v1/loop-runs/:id',
    permission: 'read',
    summary: 'Get a loop run with its timeline',
    params: byId,
    reply: LoopRun,
  },
  cancel: {
    method: 'POST',
    path: '/api/v1/loop-runs/:id/cancel',
    permission: 'operate',
    summary: 'Cancel a loop run; a candidate in traffic is taken back',
    params: byId,
    reply: LoopRun,
  },
});

export const projectsEndpoints = endpoints({
  plan: {
    method: 'POST',
    path: '/api/v1/projects/plan',
    permission: 'read',
    summary: 'What apply would change',
    body: ProjectDefinition,
    reply: Plan,
  },
  apply: {
    method: 'POST',
    path: '/api/v1/projects/apply',
    permission: 'admin',
    summary: 'Bring the server to the project file; applying twice changes nothing',
    body: ProjectDefinition,
    reply: Plan,
  },
});

export const overviewEndpoints = endpoints({
  get: {
    method: 'GET',
    path: '/api/v1/overview',
    permission: 'read',
    summary: 'The loop at a glance',
    query: strict({ endpoint: Type.Optional(Name) }),
    reply: Overview,
  },
});
