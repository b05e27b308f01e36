import { type Static, Type } from 'typebox';
import {
  byId,
  integer,
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
import { CommandJob, JobParameters, LearnerName } from './jobs.ts';

const ExperimentName = Type.String({ minLength: 1, maxLength: 500 });

export const ChoiceRule = Type.Union([
  /** The best mean ± `lambda` times the standard deviation. */
  strict({
    type: Type.Literal('mean-std'),
    lambda: Type.Optional(Type.Number({ minimum: 0, maximum: 1000, description: 'default 1' })),
  }),
  /** Of all whose mean is within one standard error of the best, the simplest: by the first parameter, then the next. */
  strict({
    type: Type.Literal('one-standard-error'),
    simplest: Type.Record(Type.String(), literals('low', 'high'), { minProperties: 1, maxProperties: 20 }),
  }),
]);
export type ChoiceRule = Static<typeof ChoiceRule>;

const ConfirmationRequest = strict({
  /** So many of the best trials are run again. */
  top: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'default 3' })),
  /** With so many other seeds each. */
  seeds: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'default 3' })),
  /** And on so many windows of time per seed, which the command cuts; our learners have rolling ones, 3 by default. */
  windows: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  rule: Type.Optional(ChoiceRule),
});
export type ConfirmationRequest = Static<typeof ConfirmationRequest>;

export const SweepRequest = {
  experiment: ExperimentName,
  name: Type.Optional(Type.String({ maxLength: 500 })),
  trainingSet: Reference,
  features: Type.Array(Type.String(), { minItems: 1, maxItems: 1000 }),
  target: Type.String(),
  timeColumn: Type.String(),
  learners: Type.Array(LearnerName, { minItems: 1 }),
  trials: Type.Integer({ minimum: 1, maximum: 10_000 }),
  folds: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
  metric: Type.Optional(literals('mae', 'rmse')),
  seed: Type.Optional(integer()),
  register: Type.Optional(Name),
  /** Run the best again before one is chosen and fitted. */
  confirm: Type.Optional(ConfirmationRequest),
};
export const SweepDefinition = strict(SweepRequest);
export type SweepDefinition = Static<typeof SweepDefinition>;

export const SweepGoal = strict({
  /** As the trial logs it, or tells it. */
  metric: Type.String({ minLength: 1, maxLength: 250 }),
  direction: literals('minimize', 'maximize'),
  /** Which of a run's values counts: the newest (default), or the best on the way. */
  use: Type.Optional(literals('last', 'best')),
});
export type SweepGoal = Static<typeof SweepGoal>;

const Limits = {
  startupTrials: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
  warmupSteps: Type.Optional(integer({ minimum: 0 })),
  intervalSteps: Type.Optional(integer({ minimum: 1 })),
};
const Factor = Type.Optional(Type.Integer({ minimum: 2, maximum: 1000 }));

const deciders = [
  strict({ type: Type.Literal('median'), ...Limits }),
  strict({
    type: Type.Literal('percentile'),
    percentile: Type.Number({ minimum: 0, maximum: 100 }),
    ...Limits,
  }),
  strict({
    type: Type.Literal('asha'),
    minimumResource: Type.Optional(integer({ minimum: 1 })),
    reductionFactor: Factor,
    earlyStoppingRate: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  }),
  strict({
    type: Type.Literal('hyperband'),
    minimumResource: Type.Optional(integer({ minimum: 1 })),
    maximumResource: Type.Optional(integer({ minimum: 1 })),
    reductionFactor: Factor,
  }),
] as const;

/** How trials that promise little are stopped on the way, by what they report of the one goal. */
export const SweepPruner = Type.Union([
  strict({ type: Type.Literal('none') }),
  ...deciders,
  strict({
    type: Type.Literal('patient'),
    patience: integer({ minimum: 0 }),
    minimumDelta: Type.Optional(Type.Number({ minimum: 0 })),
    /** Asked once the patience is over; without one, the trial is stopped. */
    wrapped: Type.Optional(Type.Union([...deciders])),
  }),
]);
export type SweepPruner = Static<typeof SweepPruner>;

export const SweepBudget = strict({
  trials: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  seconds: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  /** In the unit of the trials' costs; a job's is the processor seconds it took. */
  cost: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
});
export type SweepBudget = Static<typeof SweepBudget>;

const {
  experiment: _experiment,
  name: _name,
  parameters: _parameters,
  register: _register,
  cache: _cache,
  mayRegister: _mayRegister,
  ...commandOfTrial
} = CommandJob.properties;

/** The job of one trial: `${args}` in its command stands for `--name=value` of all parameters, `${name}` for one value. */
export const TrialCommand = strict(commandOfTrial);
export type TrialCommand = Static<typeof TrialCommand>;

/** A search over a space; its trials are jobs, or are asked for and told from outside. */
export const SearchDefinition = strict({
  experiment: ExperimentName,
  name: Type.Optional(Type.String({ maxLength: 500 })),
  /** `{"lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": true}}` */
  space: Json,
  goals: Type.Array(SweepGoal, { minItems: 1, maxItems: 3 }),
  sampler: Type.Optional(literals('tpe', 'random', 'grid', 'sobol', 'cma-es', 'nsga2')),
  pruner: Type.Optional(SweepPruner),
  budget: SweepBudget,
  /** Trials that are jobs: so many at once. */
  parallel: Type.Optional(Type.Integer({ minimum: 1, maximum: 256 })),
  seed: Type.Optional(integer({ minimum: 0 })),
  command: Type.Optional(TrialCommand),
  /** Take finished runs of the very same instead of running trials, and their repeats, again. */
  cache: Type.Optional(Type.Boolean()),
  /** A trial that was asked for is given to somebody else when nothing was heard of it for so long. */
  leaseSeconds: Type.Optional(Type.Number({ minimum: 1, maximum: 604_800 })),
  /** Id of a sweep whose finished trials are known from the beginning. */
  warmStart: Type.Optional(Type.String({ maxLength: 128 })),
  /** The best trial's model becomes a version of this one at the end; the chosen trial's, once the best were run again. */
  register: Type.Optional(Name),
});
export type SearchDefinition = Static<typeof SearchDefinition>;

export const TrialState = literals('waiting', 'running', 'complete', 'pruned', 'failed');
export type TrialState = Static<typeof TrialState>;

export const Trial = Type.Object({
  number: Type.Integer(),
  state: TrialState,
  /** Of a sweep over learners. */
  learner: nullable(LearnerName),
  parameters: JobParameters,
  /** Of the first goal. */
  value: nullable(Type.Number()),
  /** One per goal. */
  values: nullable(Type.Array(Type.Number())),
  lastStep: nullable(Type.Integer()),
  runId: Type.String(),
  jobId: nullable(Type.String()),
  /** Where it comes from, if not from this sweep: `sweep:ID#3`. */
  source: nullable(Type.String()),
  cachedFrom: Type.Optional(
    Type.String({ description: 'the job whose finished run was taken instead of running the trial' }),
  ),
  cost: nullable(Type.Number()),
  error: nullable(Type.String()),
  startedAt: Timestamp,
  endedAt: nullable(Timestamp),
});
export type Trial = Static<typeof Trial>;

/** One job: a trial with another seed, on one window where there are windows. */
export const ConfirmationRepeat = Type.Object({
  seed: Type.Integer(),
  window: nullable(Type.Integer()),
  state: literals('waiting', 'running', 'complete', 'failed', 'cancelled'),
  value: nullable(Type.Number()),
  error: nullable(Type.String()),
  runId: nullable(Type.String()),
  jobId: nullable(Type.String()),
});
export type ConfirmationRepeat = Static<typeof ConfirmationRepeat>;

export const ConfirmedTrial = Type.Object({
  number: Type.Integer(),
  parameters: JobParameters,
  repeats: Type.Array(ConfirmationRepeat),
  /** Complete repeats, over which the next three are; they are null below one (mean) and two values. */
  n: Type.Integer(),
  mean: nullable(Type.Number()),
  std: nullable(Type.Number()),
  standardError: nullable(Type.Number()),
  /** What the rule compares: mean ± lambda·std, or the mean. */
  score: nullable(Type.Number()),
  isChosen: Type.Boolean(),
  /** Why it was chosen, or was not; null until then. */
  reason: nullable(Type.String()),
});
export type ConfirmedTrial = Static<typeof ConfirmedTrial>;

export const Confirmation = Type.Object({
  state: literals('running', 'succeeded', 'failed', 'cancelled'),
  definition: Type.Object({
    top: Type.Integer(),
    seeds: Type.Array(Type.Integer()),
    windows: nullable(Type.Integer()),
    rule: ChoiceRule,
  }),
  /** Repeats that have ended, of all. */
  ended: Type.Integer(),
  repeats: Type.Integer(),
  trials: Type.Array(ConfirmedTrial),
  chosen: nullable(Type.Integer()),
  /** With one standard error: the worst mean that counts as good as the best. */
  threshold: nullable(Type.Number()),
  error: nullable(Type.String()),
  createdAt: Timestamp,
  finishedAt: nullable(Timestamp),
});
export type Confirmation = Static<typeof Confirmation>;

export const SweepState = literals(
  ...(['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'stopped'] as const),
);
export type SweepState = Static<typeof SweepState>;

export const Sweep = Type.Object({
  id: Type.String(),
  /** Over our learners, or over a space. */
  kind: literals('learners', 'space'),
  state: SweepState,
  definition: Json,
  trials: Type.Array(Trial),
  /** The best single value: a lucky seed counts. */
  best: nullable(Trial),
  /** The choice among the best, after they were run again. */
  chosen: nullable(Trial),
  confirmation: nullable(Confirmation),
  /** With several goals: numbers of the trials that no other one beats in all of them. */
  front: Type.Array(Type.Integer()),
  runId: nullable(Type.String()),
  modelVersion: nullable(Type.String()),
  error: nullable(Type.String()),
  createdAt: Timestamp,
  finishedAt: nullable(Timestamp),
});
export type Sweep = Static<typeof Sweep>;

/** A sweep as lists have it: its trials counted. */
export const SweepSummary = Type.Object({
  ...Type.Omit(Sweep, ['trials', 'confirmation', 'front', 'chosen']).properties,
  /** Those that it made itself. */
  trials: Type.Integer(),
  /** How many of them are in which state. */
  states: Type.Record(Type.String(), Type.Integer()),
  /** Number of the trial that was chosen after the best were run again. */
  chosen: nullable(Type.Integer()),
});
export type SweepSummary = Static<typeof SweepSummary>;

/** What changed of a sweep since somebody looked last. */
export const SweepChanges = Type.Object({
  /** Without its trials. */
  sweep: Type.Omit(Sweep, ['trials']),
  /** Those that changed, in the order in which they did; a trial that changed again may come again. */
  trials: Type.Array(Trial),
  isWhole: Type.Boolean({ description: 'the trials begin anew: what was known before is to be forgotten' }),
  hasMore: Type.Boolean({ description: 'ask again with the cursor at once' }),
  cursor: Type.String({ description: '`since` of the next look' }),
});
export type SweepChanges = Static<typeof SweepChanges>;

const byTrial = strict({
  id: Type.String({ minLength: 1, maxLength: 128 }),
  number: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
});
const Lease = Type.String({ minLength: 1, maxLength: 128 });

/** A trial on its way to whoever asked. */
export const AskedTrial = Type.Object({
  number: Type.Integer(),
  parameters: JobParameters,
  runId: Type.String(),
  /** To be said again by `report` and `tell`: whoever lost the trial to somebody else is told so. */
  lease: Type.String(),
  leaseUntil: Timestamp,
});
export type AskedTrial = Static<typeof AskedTrial>;

export const sweepsEndpoints = endpoints({
  create: {
    method: 'POST',
    path: '/api/v1/sweeps',
    permission: 'write',
    summary: 'Search parameters by random search on expanding time windows; the best is fitted on all rows',
    body: SweepDefinition,
    reply: Sweep,
    status: 201,
  },
  search: {
    method: 'POST',
    path: '/api/v1/sweeps/space',
    permission: 'write',
    summary: 'Search a space: trials are jobs of a command, or are asked for and told from outside',
    body: SearchDefinition,
    reply: Sweep,
    status: 201,
  },
  list: {
    method: 'GET',
    path: '/api/v1/sweeps',
    permission: 'read',
    summary: 'List sweeps, newest first: their trials counted, with the best one',
    query: strict(pageQuery),
    reply: page(SweepSummary),
  },
  get: {
    method: 'GET',
    path: '/api/v1/sweeps/:id',
    permission: 'read',
    summary: 'Get a sweep with its trials',
    params: byId,
    reply: Sweep,
  },
  changes: {
    method: 'GET',
    path: '/api/v1/sweeps/:id/changes',
    permission: 'read',
    summary:
      'What changed of a sweep since the last look; without a cursor its trials from the first on, by pages',
    params: byId,
    query: strict({
      since: Type.Optional(Type.String({ maxLength: 500 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'trials; default 500' })),
    }),
    reply: SweepChanges,
  },
  importance: {
    method: 'GET',
    path: '/api/v1/sweeps/:id/importance',
    permission: 'read',
    summary: 'How much each parameter has to do with the best tenth of the trials: shares of 1 (PED-ANOVA)',
    params: byId,
    reply: Type.Object({
      items: Type.Array(Type.Object({ parameter: Type.String(), share: Type.Number() })),
    }),
  },
  ask: {
    method: 'POST',
    path: '/api/v1/sweeps/:id/ask',
    permission: 'write',
    summary: 'Ask for a trial; none while the last ones are at work elsewhere, or when the budget is spent',
    params: byId,
    reply: Type.Object({ trial: nullable(AskedTrial), state: SweepState }),
  },
  report: {
    method: 'POST',
    path: '/api/v1/sweeps/:id/trials/:number/report',
    permission: 'write',
    resource: 'trial:{id}#{number}',
    byJobs: true,
    summary: "Report a trial's value at a step; the reply says whether it should stop",
    params: byTrial,
    body: strict({
      step: integer({ minimum: 0 }),
      value: nullable(Type.Number()),
      lease: Type.Optional(Lease),
    }),
    reply: Type.Object({ stop: Type.Boolean() }),
  },
  tell: {
    method: 'POST',
    path: '/api/v1/sweeps/:id/trials/:number/tell',
    permission: 'write',
    summary: 'Tell how a trial ended: with a value per goal, pruned, or failed',
    params: byTrial,
    body: strict({
      state: Type.Optional(literals('complete', 'pruned', 'failed')),
      value: Type.Optional(nullable(Type.Number())),
      values: Type.Optional(Type.Array(nullable(Type.Number()), { minItems: 1, maxItems: 3 })),
      cost: Type.Optional(Type.Number({ minimum: 0 })),
      error: Type.Optional(Type.String({ maxLength: 5000 })),
      lease: Type.Optional(Lease),
    }),
    reply: Trial,
  },
  stop: {
    method: 'POST',
    path: '/api/v1/sweeps/:id/stop',
    permission: 'write',
    summary: 'Begin no more trials; those at work go on, unless they are to be given back',
    params: byId,
    body: strict({ giveBack: Type.Optional(Type.Boolean()) }),
    reply: Sweep,
  },
  resume: {
    method: 'POST',
    path: '/api/v1/sweeps/:id/resume',
    permission: 'write',
    summary: 'Go on with a sweep that was stopped, cancelled, or whose budget was spent and then raised',
    params: byId,
    body: strict({ budget: Type.Optional(SweepBudget) }),
    reply: Sweep,
  },
  confirm: {
    method: 'POST',
    path: '/api/v1/sweeps/:id/confirm',
    permission: 'write',
    summary:
      'Run the best trials again with other seeds, and on windows of time, and choose among them by a rule',
    params: byId,
    body: ConfirmationRequest,
    reply: Sweep,
  },
  cancel: {
    method: 'POST',
    path: '/api/v1/sweeps/:id/cancel',
    permission: 'write',
    summary: 'Cancel a sweep, or its confirmation; what has finished stays',
    params: byId,
    reply: Sweep,
  },
});
