import { type Static, Type } from 'typebox';
import { LineageEdge } from './access.ts';
import { nullable, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';
import { FeatureStatus } from './online-features.ts';
import { PredictionRecord } from './serving.ts';

const Uri = Type.String({ description: 'typed reference, e.g. dataset:prices@3' });

/** A value that the model saw, and where it came from. */
export const UsedValue = Type.Object({
  name: Type.String({ description: 'of the model’s input, or as the feature service names it' }),
  value: Type.Unknown(),
  from: nullable(
    Type.String({ description: 'the view or service that it was looked up in; null: the request' }),
  ),
  status: nullable(FeatureStatus),
  eventTime: nullable(Timestamp),
});
export type UsedValue = Static<typeof UsedValue>;

export const UsedCode = Type.Object({
  commit: nullable(Type.String()),
  branch: nullable(Type.String()),
  repository: nullable(Type.String()),
  dirty: Type.Boolean({ description: 'there were changes that no commit holds; the run kept them' }),
  source: nullable(Type.String({ description: 'the script, notebook or job' })),
  learner: nullable(Type.String({ description: 'of Tidemill itself, where no code of anybody else ran' })),
});
export type UsedCode = Static<typeof UsedCode>;

/** A dataset version on the way from the model back to its sources. */
export const LearnedVersion = Type.Object({
  uri: Uri,
  reference: Type.String(),
  digest: Type.String(),
  rows: Type.Integer(),
  madeBy: Type.String({ description: 'upload, pull, sql, training-set, …' }),
  inputs: Type.Array(Uri),
  createdAt: Timestamp,
  createdBy: Type.String(),
  data: Type.String({ description: 'address of its rows' }),
  entityData: nullable(
    Type.String({
      description: 'address of those of the prediction’s entity; null where it lacks its columns',
    }),
  ),
  entityWhere: nullable(Type.String({ description: 'the same as a condition' })),
});
export type LearnedVersion = Static<typeof LearnedVersion>;

export const PredictionLineage = Type.Object({
  endpoint: Type.Object({
    uri: Type.String({ description: 'endpoint:forecast@3' }),
    name: Type.String(),
    revision: Type.Integer(),
    entity: Type.Array(Type.String()),
  }),
  prediction: PredictionRecord,
  rule: nullable(Type.String({ description: 'CEL that answered in the model’s place' })),
  values: Type.Array(UsedValue),
  model: nullable(
    Type.Object({
      uri: Uri,
      reference: Type.String(),
      digest: nullable(Type.String()),
      approval: Type.String(),
      createdAt: Timestamp,
      createdBy: Type.String(),
    }),
  ),
  run: nullable(
    Type.Object({
      uri: Uri,
      id: Type.String(),
      name: Type.String(),
      user: Type.String(),
      startedAt: Timestamp,
      parameters: Type.Record(Type.String(), Type.String()),
    }),
  ),
  code: nullable(UsedCode),
  trainingSet: nullable(LearnedVersion),
  datasets: Type.Array(LearnedVersion, { description: 'what the training set was made of, nearest first' }),
  features: Type.Array(Uri, { description: 'views and services, of the training set and of the endpoint' }),
  sources: Type.Array(Type.String(), { description: 'where the first rows came from' }),
  edges: Type.Array(LineageEdge, { description: 'the same as it is recorded, upward from the revision' }),
  gone: Type.Array(Uri, { description: 'on this way, and deleted since' }),
});
export type PredictionLineage = Static<typeof PredictionLineage>;

export const predictionLineageEndpoints = endpoints({
  get: {
    method: 'GET',
    path: '/api/v1/predictions/:id/lineage',
    permission: 'read',
    summary:
      'What a logged prediction came from: revision, model, run, code, the rows that were learned from',
    params: strict({ id: Type.String({ minLength: 1, maxLength: 300 }) }),
    query: strict({
      endpoint: Type.Optional(
        Type.String({ description: 'where to look for it; all of the workspace by default' }),
      ),
    }),
    reply: PredictionLineage,
  },
});
