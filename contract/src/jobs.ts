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

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const FilePath = Type.String({ minLength: 1, maxLength: 1000 });

/** A file that was stored before, by `jobs.putFile`. */
export const JobFile = strict({
  path: FilePath,
  sha256: Sha256,
  executable: Type.Optional(Type.Boolean()),
});
export type JobFile = Static<typeof JobFile>;

/** Where a code folder stood when it was handed in. `diff` is what was not committed: a stored file. */
export const CodeRevision = strict({
  commit: Type.String({ pattern: '^[0-9a-f]{7,64}$' }),
  branch: Type.Optional(Type.String({ maxLength: 500 })),
  repository: Type.Optional(Type.String({ maxLength: 2000 })),
  folder: Type.Optional(Type.String({ maxLength: 1000, description: 'below the root of the repository' })),
  diff: Type.Optional(Sha256),
});
export type CodeRevision = Static<typeof CodeRevision>;

export const JobResources = strict({
  cpu: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1024, description: 'cores; default 1' })),
  memoryBytes: Type.Optional(
    integer({ minimum: 1_048_576, description: 'a hard limit: beyond it the job is killed' }),
  ),
  gpu: Type.Optional(Type.Integer({ minimum: 0, maximum: 64 })),
});
export type JobResources = Static<typeof JobResources>;

export const JobParameters = Type.Record(
  Type.String({ minLength: 1, maxLength: 250 }),
  Type.Union([Type.String({ maxLength: 6000 }), Type.Number(), Type.Boolean(), Type.Null()]),
  { maxProperties: 1000 },
);
export type JobParameters = Static<typeof JobParameters>;

/** A command of the user's own; it meets Tidemill through files, environment and HTTP. */
export const CommandJob = strict({
  experiment: Type.String({ minLength: 1, maxLength: 500 }),
  name: Type.Optional(Type.String({ maxLength: 500 })),
  command: Type.Array(Type.String(), { minItems: 1, maxItems: 1000 }),
  /** The folder in which it runs, as files; without it, `workingDirectory` or an empty folder. */
  code: Type.Optional(Type.Array(JobFile, { maxItems: 10_000 })),
  revision: Type.Optional(CodeRevision),
  workingDirectory: Type.Optional(Type.String()),
  /** `prices@2`, `model:forecaster@7`. */
  inputs: Type.Optional(Type.Array(Reference, { maxItems: 100 })),
  files: Type.Optional(Type.Array(JobFile, { maxItems: 100, description: 'inputs that are plain files' })),
  parameters: Type.Optional(JobParameters),
  seed: Type.Optional(integer({ minimum: 0, maximum: 4_294_967_295 })),
  environment: Type.Optional(Type.Record(Type.String(), Type.String())),
  dependencies: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1000,
      description:
        'what its Python environment is made of: a requirements.txt, pyproject.toml, uv.lock or script of the code, `none`, or `auto` (default): what the code has of these',
    }),
  ),
  resources: Type.Optional(JobResources),
  priority: Type.Optional(Type.Integer({ minimum: -100, maximum: 100, description: 'the greater first' })),
  timeoutSeconds: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 604_800 })),
  maximumAttempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })),
  /** The model that its run has logged becomes a version of this one when it has succeeded. */
  register: Type.Optional(Name),
  mayRegister: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description:
        'where tokens are asked for: the registered model of which its script may make versions, from what its own run logged',
    }),
  ),
  cache: Type.Optional(
    Type.Boolean({
      description:
        'take the finished run of the same command, code, environment, inputs, parameters and seed, if there is one, instead of running again',
    }),
  ),
});
export type CommandJob = Static<typeof CommandJob>;

/** The finished run that was taken instead of running the same again. */
export const CachedRun = Type.Object({
  jobId: Type.String(),
  runId: Type.String(),
  experiment: Type.String(),
  startedAt: Timestamp,
  finishedAt: Timestamp,
  metrics: Type.Record(Type.String(), nullable(Type.Number())),
  same: Type.Array(Type.String(), { description: 'what was compared, each in words' }),
});
export type CachedRun = Static<typeof CachedRun>;

/** Why no finished run could be taken. */
export const CacheMiss = Type.Object({
  nearest: nullable(Type.Object({ jobId: Type.String(), runId: Type.String(), finishedAt: Timestamp })),
  differs: Type.Array(Type.String(), { description: 'from the nearest one, each in words' }),
});
export type CacheMiss = Static<typeof CacheMiss>;

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
  cachedFrom: nullable(CachedRun),
  cacheMiss: nullable(CacheMiss),
  joined: Type.Optional(
    Type.Boolean({
      description: 'of a submission with the cache: the same was on its way already, and this is it',
    }),
  ),
});
export type Job = Static<typeof Job>;

const MetricVerdict = literals('equal', 'within tolerance', 'differs', 'missing', 'new');
const FileVerdict = literals('equal', 'equal but for ids and times', 'differs', 'missing', 'new');

/** What a run came to when it was made again. */
export const RunComparison = Type.Object({
  verdict: literals('equal', 'equal metrics', 'different'),
  metrics: Type.Array(
    Type.Object({
      key: Type.String(),
      before: nullable(Type.Number()),
      after: nullable(Type.Number()),
      verdict: MetricVerdict,
    }),
  ),
  files: Type.Array(
    Type.Object({
      path: Type.String(),
      model: Type.Boolean({ description: 'of a model folder: these decide, where there are any' }),
      verdict: FileVerdict,
      cells: Type.Optional(
        Type.Array(Type.Integer(), { description: 'of an executed notebook: the cells that differ, from 1' }),
      ),
    }),
  ),
});
export type RunComparison = Static<typeof RunComparison>;

/** A job that makes a run again from its lock, its code, its data and its seed. */
export const Rebuild = Type.Object({
  jobId: Type.String(),
  runId: Type.String({ description: 'the run that is made again' }),
  notes: Type.Array(Type.String(), { description: 'what was different already before it began' }),
  result: nullable(RunComparison),
  createdAt: Timestamp,
});
export type Rebuild = Static<typeof Rebuild>;

/** `code` is the folder it runs in, `input` plain files, `diff` what was not committed, `lock` a rebuild's environment. */
export const JobFileRole = literals('code', 'input', 'diff', 'lock');
export type JobFileRole = Static<typeof JobFileRole>;

/** A file that a job was handed, as it was kept. */
export const KeptJobFile = Type.Object({
  path: Type.String(),
  sha256: Sha256,
  size: nullable(Type.Integer({ description: 'bytes; null: it is kept no more' })),
  executable: Type.Boolean(),
});
export type KeptJobFile = Static<typeof KeptJobFile>;

/** Bytes of a file that are sent as text; the whole of it is a download. */
export const mostJobFileText = 1_000_000;

const jobFileQuery = strict({ path: FilePath, role: Type.Optional(JobFileRole) });

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
  putFile: {
    method: 'POST',
    path: '/api/v1/jobs/files',
    permission: 'admin',
    summary: 'Store a file that a job is going to name: code, or an input',
    upload: true,
    reply: Type.Object({ sha256: Sha256, size: Type.Integer() }),
    status: 201,
  },
  missingFiles: {
    method: 'POST',
    path: '/api/v1/jobs/files/missing',
    permission: 'admin',
    summary: 'Which of these files are not stored yet',
    body: strict({ sha256s: Type.Array(Sha256, { maxItems: 10_000 }) }),
    reply: Type.Object({ sha256s: Type.Array(Sha256) }),
  },
  listFiles: {
    method: 'GET',
    path: '/api/v1/jobs/:id/files',
    permission: 'read',
    summary: 'The files that a job was handed, by path: its code, unless another role is asked for',
    params: byId,
    query: strict({ ...pageQuery, role: Type.Optional(JobFileRole) }),
    reply: page(KeptJobFile),
  },
  getFile: {
    method: 'GET',
    path: '/api/v1/jobs/:id/file',
    permission: 'read',
    summary: `One file that a job was handed, as text: the first ${mostJobFileText} bytes; null for what is no UTF-8 text`,
    params: byId,
    query: jobFileQuery,
    reply: Type.Object({
      ...Type.Omit(KeptJobFile, ['size']).properties,
      size: Type.Integer(),
      isBinary: Type.Boolean(),
      text: nullable(Type.String()),
      isWhole: Type.Boolean({ description: 'the text is all of it' }),
    }),
  },
  downloadFile: {
    method: 'GET',
    path: '/api/v1/jobs/:id/file/content',
    permission: 'read',
    summary: 'The whole of a file that a job was handed, as it is',
    params: byId,
    query: jobFileQuery,
    download: true,
  },
  retry: {
    method: 'POST',
    path: '/api/v1/jobs/:id/retry',
    permission: 'admin',
    summary: 'Submit a command that failed or was cancelled again; it goes on from its checkpoints',
    params: byId,
    reply: Job,
    status: 201,
  },
  rebuild: {
    method: 'POST',
    path: '/api/v1/runs/:id/rebuilds',
    permission: 'admin',
    summary: 'Make the run of a command again, in an environment from its lock, and compare',
    params: byId,
    reply: Job,
    status: 201,
  },
  rebuilds: {
    method: 'GET',
    path: '/api/v1/runs/:id/rebuilds',
    permission: 'read',
    summary: 'The rebuilds of a run, newest first, with what came of them',
    params: byId,
    reply: Type.Object({ items: Type.Array(Rebuild) }),
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
    query: strict({
      stream: Type.Optional(literals('stdout', 'stderr')),
      offset: Type.Optional(
        integer({ description: 'bytes to leave out; negative: only so many from the end' }),
      ),
    }),
    download: true,
  },
});
