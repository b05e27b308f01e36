import { type Static, Type } from 'typebox';
import {
  byName,
  byVersion,
  Column,
  Name,
  nullable,
  page,
  pageQuery,
  Row,
  strict,
  Timestamp,
} from './common.ts';
import { DatasetVersion } from './datasets.ts';
import { endpoints } from './endpoint.ts';

const viewProperties = {
  description: Type.Optional(Type.String({ maxLength: 2000 })),
  sql: Type.String({
    minLength: 8,
    maxLength: 50_000,
    description: 'SELECT over dataset names; "prices@3" pins a version',
  }),
  entity: Type.Array(Type.String(), { minItems: 1, maxItems: 8 }),
  eventTime: Type.String({ description: 'column: when the values were true' }),
  createdTime: Type.Optional(Type.String({ description: 'column: when the values became known' })),
  ttlDays: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
};
export const FeatureViewDefinition = strict(viewProperties);
export type FeatureViewDefinition = Static<typeof FeatureViewDefinition>;

export const FeatureView = Type.Object({
  workspace: Type.String(),
  name: Type.String(),
  version: Type.Integer(),
  reference: Type.String({ description: 'price_stats@2' }),
  uri: Type.String({ description: 'view:price_stats@2' }),
  description: Type.String(),
  sql: Type.String(),
  entity: Type.Array(Type.String()),
  eventTime: Type.String(),
  createdTime: nullable(Type.String()),
  ttlDays: nullable(Type.Number()),
  features: Type.Array(Column),
  datasets: Type.Array(Type.String(), { description: 'dataset names the SQL reads' }),
  createdAt: Timestamp,
  createdBy: Type.String(),
});
export type FeatureView = Static<typeof FeatureView>;

const bindings = Type.Optional(
  Type.Record(Type.String(), Type.String(), {
    description: 'dataset name -> version reference; default latest',
  }),
);

export const TrainingSetRequest = {
  name: Name,
  entities: Type.String({
    description:
      'SQL giving entity key columns and event_time; entity rows are never dropped, multiplied or reordered',
  }),
  views: Type.Array(Type.String(), { minItems: 1, maxItems: 50 }),
  label: Type.Optional(
    strict({
      sql: Type.String({
        description: 'SQL giving entity keys, event_time, the label column and when it became known',
      }),
      column: Type.String(),
      knownAt: Type.String({ description: 'column of the SQL: when the label became known' }),
    }),
  ),
  asOf: Type.Optional(
    Type.String({
      description:
        'ISO time T: rows whose label became known later are excluded, and so are feature values created later',
    }),
  ),
  bindings,
  message: Type.Optional(Type.String()),
};
export const TrainingSetDefinition = strict(TrainingSetRequest);
export type TrainingSetDefinition = Static<typeof TrainingSetDefinition>;

export const featuresEndpoints = endpoints({
  put: {
    method: 'PUT',
    path: '/api/v1/feature-views/:name',
    permission: 'write',
    summary: 'Define a feature view; a change of meaning makes a new version',
    params: byName,
    body: FeatureViewDefinition,
    reply: Type.Intersect([FeatureView, Type.Object({ unchanged: Type.Boolean() })]),
  },
  list: {
    method: 'GET',
    path: '/api/v1/feature-views',
    permission: 'read',
    summary: 'List feature views, latest version each',
    query: strict(pageQuery),
    reply: page(FeatureView),
  },
  get: {
    method: 'GET',
    path: '/api/v1/feature-views/:name/versions/:version',
    permission: 'read',
    summary: 'Get one version of a feature view',
    params: byVersion,
    reply: FeatureView,
  },
  preview: {
    method: 'POST',
    path: '/api/v1/feature-views/preview',
    permission: 'read',
    summary: 'Run a definition on some rows before anything is registered',
    body: strict({
      ...viewProperties,
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
      bindings,
    }),
    reply: Type.Object({ columns: Type.Array(Column), rows: Type.Array(Row) }),
  },
  materialize: {
    method: 'POST',
    path: '/api/v1/feature-views/:name/versions/:version/materialize',
    permission: 'write',
    summary: 'Write the newest value per entity to the online store; older values never replace newer ones',
    params: byVersion,
    body: strict({ bindings }),
    reply: Type.Object({
      view: Type.String(),
      entities: Type.Integer(),
      written: Type.Integer(),
      newestEventTime: nullable(Timestamp),
      bindings: Type.Record(Type.String(), Type.String()),
    }),
  },
  lookup: {
    method: 'POST',
    path: '/api/v1/feature-views/:name/versions/:version/lookup',
    permission: 'read',
    summary: 'Read online values by entity key',
    params: byVersion,
    body: strict({ entities: Type.Array(Row, { minItems: 1, maxItems: 1000 }) }),
    reply: Type.Object({ rows: Type.Array(nullable(Type.Object({ eventTime: Timestamp, values: Row }))) }),
  },
  createTrainingSet: {
    method: 'POST',
    path: '/api/v1/training-sets',
    permission: 'write',
    summary: 'Build a point-in-time correct training set; it is a dataset version',
    body: TrainingSetDefinition,
    reply: Type.Intersect([DatasetVersion, Type.Object({ unchanged: Type.Boolean() })]),
    status: 201,
  },
});
