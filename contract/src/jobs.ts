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

export const TaskState = literals('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled');
export type TaskState = Static<typeof TaskState>;
export const LearnerName = literals('ridge', 'trees');
export type LearnerName = Static<typeof LearnerName>;
const Numbers = Type.Record(Type.String(), Type.Number());

/** One of our learners on a training set. `split: 'random'` is the notebook's way and flatters; `'time'` holds out the newest rows. */
export const LearnerJob = strict({
  experiment: Type.String({ minLength: 1, maxLength: 500 }),
  name: Type.Optional(Type.String({ maxLength: 500 })),
  trainingSet: Reference,
  features: Type.Array(Type.String(), { minItems: 1, maxItems: 1000 }),
  target: Type.String(),
  timeColumn: Type.String(),
  learner: LearnerName,
  parameters: Type.Optional(Numbers),
  seed: Type.Optional(integer()),
  split: Type.Optional(literals('time', 'random')),
  holdout: Type.Optional(Type.Number({ minimum: 0, maximum: 0.9 })),
  register: Type.Optional(Name),
});
export type LearnerJob = Static<typeof LearnerJob>;

/** A command of the user's own; it meets Tidemill through files, environment and HTTP. */
export const CommandJob = strict({
  experiment: Type.String({ minLength: 1, maxLength: 500 }),
  name: Type.Optional(Type.String({ maxLength: 500 })),
  command: Type.Array(Type.String(), { minItems: 1, maxItems: 1000 }),
  workingDirectory: Type.Optional(Type.String()),
  inputs: Type.Optional(Type.Array(Reference, { maxItems: 100 })),
  environment: Type.Optional(Type.Record(Type.String(), Type.String())),
  timeoutSeconds: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 604_800 })),
  maximumAttempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })),
});
export type CommandJob = Static<typeof CommandJob>;

export const Job = Type.Object({
  id: Type.String(),
  kind: literals('learner', 'command'),
  state: TaskState,
  experiment: Type.String(),
  runId: nullable(Type.String()),
  modelVersion: nullable(Type.String()),
  progress: Json,
  error: nullable(Type.String()),
  attempt: Type.Integer(),
  spec: Json,
  createdAt: Timestamp,
  startedAt: nullable(Timestamp),
  finishedAt: nullable(Timestamp),
});
export type Job = Static<typeof Job>;

export const SweepRequest = {
  experiment: Type.String({ minLength: 1, maxLength: 500 }),
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
};
export const SweepDefinition = strict(SweepRequest);
export type SweepDefinition = Static<typeof SweepDefinition>;

export const Trial = Type.Object({
  number: Type.Integer(),
  state: literals('running', 'complete', 'failed'),
  learner: LearnerName,
  parameters: Numbers,
  value: nullable(Type.Number()),
  runId: Type.String(),
  error: nullable(Type.String()),
});
export type Trial = Static<typeof Trial>;

export const Sweep = Type.Object({
  id: Type.String(),
  state: TaskState,
  definition: Json,
  trials: Type.Array(Trial),
  best: nullable(Trial),
  runId: nullable(Type.String()),
  modelVersion: nullable(Type.String()),
  error: nullable(Type.String()),
  createdAt: Timestamp,
  finishedAt: nullable(Timestamp),
});
export type Sweep = Static<typeof Sweep>;

export const jobsEndpoints = endpoints({
  submitLearner: {
    method: 'POST',
    path: '/api/v1/jobs/learner',
    permission: 'write',
    summary: 'Train one of our learners',
    body: LearnerJob,
    reply: Job,
    status: 201,
  },
  submitCommand: {
    method: 'POST',
    path: '/api/v1/jobs/command',
    permission: 'admin',
    summary: "Run a command of the user's own on this machine",
    body: CommandJob,
    reply: Job,
    status: 201,
  },
  list: {
    method: 'GET',
    path: '/api/v1/jobs',
    permission: 'read',
    summary: 'List jobs, newest first',
    query: strict({ ...pageQuery, state: Type.Optional(TaskState) }),
    reply: page(Job),
  },
  get: {
    method: 'GET',
    path: '/api/v1/jobs/:id',
    permission: 'read',
    summary: 'Get a job',
    params: byId,
    reply: Job,
  },
  cancel: {
    method: 'POST',
    path: '/api/v1/jobs/:id/cancel',
    permission: 'write',
    summary: 'Cancel a job; its whole process tree ends',
    params: byId,
    reply: Job,
  },
  logs: {
    method: 'GET',
    path: '/api/v1/jobs/:id/logs',
    permission: 'read',
    summary: "A command's output so far",
    params: byId,
    query: strict({ stream: Type.Optional(literals('stdout', 'stderr')) }),
    download: true,
  },
});

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
  list: {
    method: 'GET',
    path: '/api/v1/sweeps',
    permission: 'read',
    summary: 'List sweeps, newest first',
    query: strict(pageQuery),
    reply: page(Sweep),
  },
  get: {
    method: 'GET',
    path: '/api/v1/sweeps/:id',
    permission: 'read',
    summary: 'Get a sweep with its trials',
    params: byId,
    reply: Sweep,
  },
  cancel: {
    method: 'POST',
    path: '/api/v1/sweeps/:id/cancel',
    permission: 'write',
    summary: 'Cancel a sweep; finished trials stay',
    params: byId,
    reply: Sweep,
  },
});
