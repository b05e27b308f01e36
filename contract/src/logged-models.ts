import { type Static, Type } from 'typebox';
import { Done, literals, nullable, page, pageQuery, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

export const LoggedModelStatus = literals('PENDING', 'READY', 'FAILED');
export type LoggedModelStatus = Static<typeof LoggedModelStatus>;

export const LoggedModelMetric = Type.Object({
  key: Type.String(),
  value: nullable(Type.Number()),
  timestamp: Timestamp,
  step: Type.Integer(),
  runId: Type.String({ description: 'the run that measured it' }),
  datasetName: nullable(Type.String()),
  datasetDigest: nullable(Type.String()),
});
export type LoggedModelMetric = Static<typeof LoggedModelMetric>;

const Text = Type.Record(Type.String(), Type.String());

/** What MLflow 3's `log_model` leaves: files of an experiment with parameters, metrics and tags of their own. */
export const LoggedModel = Type.Object({
  id: Type.String({ description: 'm- and 32 hex digits' }),
  experimentId: Type.String(),
  name: Type.String(),
  modelType: nullable(Type.String()),
  sourceRunId: nullable(Type.String()),
  status: LoggedModelStatus,
  lifecycle: literals('active', 'deleted'),
  artifactUri: Type.String(),
  parameters: Text,
  tags: Text,
  metrics: Type.Array(LoggedModelMetric, { description: 'latest value per key, run and dataset' }),
  registrations: Type.Array(Type.Object({ name: Type.String(), version: Type.String() }), {
    description: 'the model versions made of it',
  }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type LoggedModel = Static<typeof LoggedModel>;

const modelId = strict({ id: Type.String({ pattern: '^m-[0-9a-f]{32}$' }) });

export const loggedModelsEndpoints = endpoints({
  getLoggedModel: {
    method: 'GET',
    path: '/api/v1/logged-models/:id',
    permission: 'read',
    summary: 'Get a logged model, deleted ones too',
    params: modelId,
    reply: LoggedModel,
  },
  searchLoggedModels: {
    method: 'POST',
    path: '/api/v1/logged-models/search',
    permission: 'read',
    summary: "Search logged models: filter in MLflow's grammar",
    body: strict({
      experimentIds: Type.Array(Type.String(), { minItems: 1, maxItems: 1000 }),
      filter: Type.Optional(
        Type.String({ maxLength: 10_000, description: "of one run: source_run_id = '…'" }),
      ),
      orderBy: Type.Optional(Type.Array(Type.String(), { maxItems: 10 })),
      ...pageQuery,
    }),
    reply: page(LoggedModel),
  },
  loggedModelMetricHistory: {
    method: 'GET',
    path: '/api/v1/logged-models/:id/metrics',
    permission: 'read',
    summary: 'All points of one metric of a logged model, one run and dataset after the other',
    params: modelId,
    query: strict({ key: Type.String(), ...pageQuery }),
    reply: page(LoggedModelMetric),
  },
  deleteLoggedModel: {
    method: 'DELETE',
    path: '/api/v1/logged-models/:id',
    permission: 'write',
    resource: 'logged-model:{id}',
    byJobs: true,
    summary: 'Delete a logged model; it can be restored',
    params: modelId,
    reply: Done,
  },
  restoreLoggedModel: {
    method: 'POST',
    path: '/api/v1/logged-models/:id/restore',
    permission: 'write',
    resource: 'logged-model:{id}',
    byJobs: true,
    summary: 'Take a deleted logged model back',
    params: modelId,
    reply: LoggedModel,
  },
  listLoggedModelArtifacts: {
    method: 'GET',
    path: '/api/v1/logged-models/:id/artifacts',
    permission: 'read',
    summary: 'List files of a logged model',
    params: modelId,
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
  getLoggedModelArtifact: {
    method: 'GET',
    path: '/api/v1/logged-models/:id/artifact',
    permission: 'read',
    summary: 'Read one file of a logged model',
    params: modelId,
    query: strict({ path: Type.String({ minLength: 1, maxLength: 2000 }) }),
    download: true,
  },
});
