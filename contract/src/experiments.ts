import { type Static, type TSchema, Type } from 'typebox';
import { Done, integer, literals, nullable, page, pageQuery, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

export const RunStatus = literals('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED');
export type RunStatus = Static<typeof RunStatus>;
const Text = Type.Record(Type.String(), Type.String());

export const Experiment = Type.Object({
  id: Type.String({ description: 'decimal integer, as MLflow has it' }),
  name: Type.String(),
  lifecycle: literals('active', 'deleted'),
  artifactLocation: Type.String(),
  tags: Text,
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Experiment = Static<typeof Experiment>;

export const MetricPoint = Type.Object({
  key: Type.String(),
  value: nullable(Type.Number()),
  timestamp: Timestamp,
  step: Type.Integer(),
});
export type MetricPoint = Static<typeof MetricPoint>;

export const MetricSeries = Type.Object({
  runId: Type.String(),
  key: Type.String(),
  total: Type.Integer({ description: 'points of the whole series, before any were left out' }),
  steps: Type.Array(Type.Integer()),
  timestamps: Type.Array(Timestamp),
  values: Type.Array(nullable(Type.Number()), { description: 'null where the value is no finite number' }),
});
export type MetricSeries = Static<typeof MetricSeries>;

export const MetricSample = Type.Object({ series: Type.Array(MetricSeries) });
export type MetricSample = Static<typeof MetricSample>;

export const RunInput = Type.Object({
  name: Type.String(),
  digest: Type.String(),
  source: Type.String(),
  dataset: nullable(Type.String({ description: 'prices@3 where the source is a dataset version of ours' })),
  context: Type.String(),
});

export const Run = Type.Object({
  id: Type.String({ description: '32 hex digits' }),
  experimentId: Type.String(),
  name: Type.String(),
  status: RunStatus,
  lifecycle: literals('active', 'deleted'),
  user: Type.String(),
  startedAt: Timestamp,
  endedAt: nullable(Timestamp),
  artifactUri: Type.String(),
  parameters: Text,
  metrics: Type.Record(Type.String(), nullable(Type.Number()), { description: 'latest value per key' }),
  tags: Text,
  inputs: Type.Array(RunInput),
  modelInputs: Type.Array(Type.Object({ modelId: Type.String(), name: Type.String() }), {
    description: 'logged models that it read',
  }),
  modelOutputs: Type.Array(
    Type.Object({ modelId: Type.String(), name: Type.String(), step: Type.Integer() }),
    { description: 'logged models that it made' },
  ),
});
export type Run = Static<typeof Run>;

/** One message of a run's live stream: what is new since the one before; the first has everything. */
export const RunUpdate = Type.Object({
  runId: Type.String(),
  name: Type.String(),
  status: RunStatus,
  endedAt: nullable(Timestamp),
  metrics: Type.Array(MetricPoint, { description: 'the latest points of series that moved' }),
  tags: Text,
  removedTags: Type.Array(Type.String()),
  isLast: Type.Boolean({ description: 'the run has ended or was deleted: nothing follows' }),
});
export type RunUpdate = Static<typeof RunUpdate>;

const entriesOf = <T extends TSchema>(entry: T) =>
  Type.Object({ entries: Type.Array(entry), equal: Type.Integer({ description: 'how many are equal' }) });
const TextPair = Type.Object({
  key: Type.String(),
  a: nullable(Type.String()),
  b: nullable(Type.String()),
});
const MetricPair = Type.Object({
  key: Type.String(),
  a: nullable(Type.Number()),
  b: nullable(Type.Number()),
  difference: nullable(Type.Number({ description: 'b - a' })),
});
const InputPair = Type.Object({ name: Type.String(), a: nullable(RunInput), b: nullable(RunInput) });
const RunHead = Type.Object({
  id: Type.String(),
  name: Type.String(),
  status: RunStatus,
  experimentId: Type.String(),
});

/** Two runs side by side; null is what one of them does not have. */
export const RunDiff = Type.Object({
  a: RunHead,
  b: RunHead,
  parameters: entriesOf(TextPair),
  metrics: entriesOf(MetricPair),
  tags: entriesOf(TextPair),
  code: entriesOf(TextPair),
  packages: entriesOf(TextPair),
  data: entriesOf(InputPair),
});
export type RunDiff = Static<typeof RunDiff>;

export const KeyKind = literals('metric', 'parameter', 'tag');
export type KeyKind = Static<typeof KeyKind>;

const experimentId = strict({ id: Type.String({ minLength: 1, maxLength: 40 }) });
const RunId = Type.String({ pattern: '^[a-zA-Z0-9][\\w-]{0,255}$' });
const runId = strict({ id: RunId });

/** Which runs a search speaks of. */
const runFilter = {
  experimentIds: Type.Array(Type.String(), { minItems: 1, maxItems: 1000 }),
  filter: Type.Optional(Type.String({ maxLength: 10_000 })),
  view: Type.Optional(literals('active', 'deleted', 'all')),
};

export const experimentsEndpoints = endpoints({
  createExperiment: {
    method: 'POST',
    path: '/api/v1/experiments',
    permission: 'write',
    summary: 'Create an experiment, or get the one of that name',
    body: strict({ name: Type.String({ minLength: 1, maxLength: 500 }), tags: Type.Optional(Text) }),
    reply: Experiment,
    status: 201,
  },
  listExperiments: {
    method: 'GET',
    path: '/api/v1/experiments',
    permission: 'read',
    summary: 'List active experiments',
    query: strict(pageQuery),
    reply: page(Experiment),
  },
  getExperiment: {
    method: 'GET',
    path: '/api/v1/experiments/:id',
    permission: 'read',
    summary: 'Get an experiment',
    params: experimentId,
    reply: Experiment,
  },
  listKeys: {
    method: 'GET',
    path: '/api/v1/experiments/:id/keys',
    permission: 'read',
    summary: 'What the newest runs of an experiment logged under: keys of metrics, parameters or tags',
    params: experimentId,
    query: strict({
      kind: KeyKind,
      search: Type.Optional(Type.String({ maxLength: 500, description: 'a part of the key, in any case' })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'default 100' })),
    }),
    reply: Type.Object({
      keys: Type.Array(Type.String(), { description: 'in order of the alphabet' }),
      hasMore: Type.Boolean(),
    }),
  },
  createRun: {
    method: 'POST',
    path: '/api/v1/runs',
    permission: 'write',
    resource: ['run:{tags/mlflow.parentRunId}', 'experiment:{experimentId}'],
    byJobs: true,
    summary: 'Start a run',
    body: strict({
      experimentId: Type.String(),
      name: Type.Optional(Type.String({ maxLength: 500 })),
      tags: Type.Optional(Text),
      startedAt: Type.Optional(Timestamp),
    }),
    reply: Run,
    status: 201,
  },
  getRun: {
    method: 'GET',
    path: '/api/v1/runs/:id',
    permission: 'read',
    summary: 'Get a run',
    params: runId,
    reply: Run,
  },
  updateRun: {
    method: 'PATCH',
    path: '/api/v1/runs/:id',
    permission: 'write',
    resource: 'run:{id}',
    byJobs: true,
    summary: 'End or rename a run',
    params: runId,
    body: strict({
      status: Type.Optional(RunStatus),
      name: Type.Optional(Type.String({ maxLength: 500 })),
      endedAt: Type.Optional(Timestamp),
    }),
    reply: Run,
  },
  deleteRun: {
    method: 'DELETE',
    path: '/api/v1/runs/:id',
    permission: 'write',
    resource: 'run:{id}',
    byJobs: true,
    summary: 'Delete a run; it can be restored',
    params: runId,
    reply: Done,
  },
  restoreRun: {
    method: 'POST',
    path: '/api/v1/runs/:id/restore',
    permission: 'write',
    resource: 'run:{id}',
    byJobs: true,
    summary: 'Take a deleted run back',
    params: runId,
    reply: Run,
  },
  logBatch: {
    method: 'POST',
    path: '/api/v1/runs/:id/batch',
    permission: 'write',
    resource: 'run:{id}',
    byJobs: true,
    summary: 'Log parameters, metrics and tags together, all or nothing',
    params: runId,
    body: strict({
      parameters: Type.Optional(Text),
      tags: Type.Optional(Text),
      metrics: Type.Optional(
        Type.Array(
          strict({
            key: Type.String(),
            value: nullable(Type.Number()),
            timestamp: Type.Optional(Timestamp),
            step: Type.Optional(integer()),
          }),
          { maxItems: 10_000 },
        ),
      ),
    }),
    reply: Type.Object({}),
  },
  searchRuns: {
    method: 'POST',
    path: '/api/v1/runs/search',
    permission: 'read',
    summary: "Search runs: filter in MLflow's grammar, with OR, brackets, IN, min(…) and max(…)",
    body: strict({
      ...runFilter,
      orderBy: Type.Optional(Type.Array(Type.String(), { maxItems: 10 })),
      columns: Type.Optional(
        Type.Array(Type.String({ maxLength: 500 }), {
          maxItems: 200,
          description:
            'only these of metrics, parameters and tags, such as metrics.loss, min(metrics.loss), params.lr, tags.team; `inputs` for inputs. All of them when left out.',
        }),
      ),
      ...pageQuery,
    }),
    reply: page(Run),
  },
  countRuns: {
    method: 'POST',
    path: '/api/v1/runs/count',
    permission: 'read',
    summary: 'Count the runs that a search would find',
    body: strict(runFilter),
    reply: Type.Object({ total: Type.Integer() }),
  },
  metricHistory: {
    method: 'GET',
    path: '/api/v1/runs/:id/metrics',
    permission: 'read',
    summary: 'All points of one metric',
    params: runId,
    query: strict({ key: Type.String(), ...pageQuery }),
    reply: page(MetricPoint),
  },
  diffRuns: {
    method: 'GET',
    path: '/api/v1/runs/diff',
    permission: 'read',
    summary:
      'What tells two runs apart: parameters, latest metrics, tags, code, packages of their models, and the data they read',
    query: strict({
      a: RunId,
      b: RunId,
      all: Type.Optional(Type.Boolean({ description: 'also what is equal; else it is only counted' })),
    }),
    reply: RunDiff,
  },
  watchRun: {
    method: 'GET',
    path: '/api/v1/runs/:id/live',
    permission: 'read',
    summary:
      'Server-sent events of a run until it ends: each is a RunUpdate with the metrics, tags and status that are new, a few a second at most',
    params: runId,
    download: true,
  },
  sampleMetrics: {
    method: 'POST',
    path: '/api/v1/runs/metrics/sample',
    permission: 'read',
    summary:
      'Many histories for a chart, each thinned to maxPoints: of every stretch the lowest, the highest and the first gap are kept, of the whole the first and the last point. Series that are not there are left out',
    body: strict({
      runIds: Type.Array(Type.String({ maxLength: 256 }), { minItems: 1, maxItems: 100 }),
      keys: Type.Array(Type.String({ maxLength: 250 }), { minItems: 1, maxItems: 20 }),
      maxPoints: Type.Optional(
        Type.Integer({ minimum: 5, maximum: 2500, description: 'of each series; default 1000' }),
      ),
      fromStep: Type.Optional(integer()),
      toStep: Type.Optional(integer()),
    }),
    reply: MetricSample,
  },
  listArtifacts: {
    method: 'GET',
    path: '/api/v1/runs/:id/artifacts',
    permission: 'read',
    summary: 'List artifacts of a run',
    params: runId,
    query: strict({ path: Type.Optional(Type.String({ maxLength: 2000 })) }),
    reply: Type.Object({
      files: Type.Array(
        Type.Object({
          path: Type.String(),
          directory: Type.Boolean(),
          size: nullable(Type.Integer()),
          sha256: nullable(Type.String()),
        }),
      ),
    }),
  },
  putArtifact: {
    method: 'PUT',
    path: '/api/v1/runs/:id/artifact',
    permission: 'write',
    resource: 'run:{id}',
    byJobs: true,
    summary: 'Store one artifact file',
    params: runId,
    query: strict({ path: Type.String({ minLength: 1, maxLength: 2000 }) }),
    upload: true,
    reply: Type.Object({ path: Type.String(), sha256: Type.String(), size: Type.Integer() }),
  },
  getArtifact: {
    method: 'GET',
    path: '/api/v1/runs/:id/artifact',
    permission: 'read',
    summary: 'Read one artifact file',
    params: runId,
    query: strict({ path: Type.String({ minLength: 1, maxLength: 2000 }) }),
    download: true,
  },
});
