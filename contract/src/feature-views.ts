import { type Static, Type } from 'typebox';
import {
  byName,
  byVersion,
  Column,
  ColumnType,
  Done,
  Duration,
  literals,
  Name,
  nullable,
  page,
  pageQuery,
  Row,
  strict,
} from './common.ts';
import { endpoints } from './endpoint.ts';
import { aboutProperties, definedProperties } from './entities.ts';
import { FeatureImpact, FeatureUses } from './feature-uses.ts';

/** Where the values of a view go without being asked for. */
export const OnlineSettings = strict({
  materialize: Type.Optional(
    strict({
      schedule: Type.Optional(Type.String({ maxLength: 100, description: "cron, in UTC: '30 6 * * 1-5'" })),
      onDatasetVersion: Type.Optional(
        Type.Boolean({ description: 'whenever a dataset that the view reads has a new version' }),
      ),
    }),
  ),
});
export type OnlineSettings = Static<typeof OnlineSettings>;

/** A view of what is pushed: rows for offline use are appended to the dataset. */
export const StreamDefinition = strict({
  dataset: Name,
  columns: Type.Array(strict({ name: Type.String({ minLength: 1, maxLength: 128 }), type: ColumnType }), {
    minItems: 1,
    maxItems: 2000,
  }),
});
export type StreamDefinition = Static<typeof StreamDefinition>;

/** A feature computed over the events of an entity whose event time lies in (T - window, T]. */
export const Aggregation = strict({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  function: literals('count', 'sum', 'mean', 'min', 'max', 'std', 'last', 'distinct'),
  column: Type.String({ minLength: 1, maxLength: 128, description: "of the SQL; of count also '*'" }),
  window: Duration,
  k: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'of last: how many values' })),
});
export type Aggregation = Static<typeof Aggregation>;

export const viewProperties = {
  ...aboutProperties,
  sql: Type.Optional(
    Type.String({
      minLength: 8,
      maxLength: 50_000,
      description:
        'SELECT over dataset names; "prices@3" pins a version; without one, all rows of the stream',
    }),
  ),
  entities: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
      minItems: 1,
      maxItems: 8,
      description: 'names of entities; their join keys, in order, are the key columns',
    }),
  ),
  entity: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
      minItems: 1,
      maxItems: 8,
      description: 'instead of entities: the key columns by themselves',
    }),
  ),
  eventTime: Type.String({ description: 'column: when the values were true' }),
  createdTime: Type.Optional(Type.String({ description: 'column: when the values became known' })),
  ttl: Type.Optional(Duration),
  freshness: Type.Optional(Duration),
  online: Type.Optional(OnlineSettings),
  stream: Type.Optional(StreamDefinition),
  aggregations: Type.Optional(
    Type.Array(Aggregation, {
      maxItems: 50,
      description: 'then the SQL gives events, and these are the features; windows of 1h to 365d',
    }),
  ),
};
export const FeatureViewDefinition = strict(viewProperties);
export type FeatureViewDefinition = Static<typeof FeatureViewDefinition>;

export const FeatureView = Type.Object({
  ...definedProperties,
  reference: Type.String({ description: 'price_stats@2' }),
  uri: Type.String({ description: 'view:price_stats@2' }),
  sql: Type.String(),
  entities: Type.Array(Type.String(), { description: 'the versions it was defined with: customer@1' }),
  entity: Type.Array(Type.String(), { description: 'its key columns' }),
  joinKeys: Type.Array(Column, {
    description: 'the key columns with their types; empty for views older than types of keys',
  }),
  eventTime: Type.String(),
  createdTime: nullable(Type.String()),
  ttl: nullable(Duration),
  freshness: nullable(Duration),
  online: OnlineSettings,
  stream: nullable(StreamDefinition),
  aggregations: Type.Array(Aggregation),
  inputs: Type.Array(Column, { description: 'columns of its events that the aggregations read' }),
  features: Type.Array(Column),
  datasets: Type.Array(Type.String(), { description: 'dataset names the SQL reads' }),
});
export type FeatureView = Static<typeof FeatureView>;

/** Which version each name of a SQL means while it is run. */
export const versionBindings = Type.Optional(
  Type.Record(Type.String(), Type.String(), {
    description: 'dataset name -> version reference; default latest',
  }),
);

export const PreviewReply = Type.Object({
  columns: Type.Array(Column),
  rows: Type.Array(Row),
  cutAt: Type.Integer({ description: 'characters: longer texts are cut there and end with …' }),
});

export const featureViewEndpoints = endpoints({
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
  listVersions: {
    method: 'GET',
    path: '/api/v1/feature-views/:name/versions',
    permission: 'read',
    summary: 'List the versions of a feature view, newest first',
    params: byName,
    query: strict(pageQuery),
    reply: page(FeatureView),
  },
  uses: {
    method: 'GET',
    path: '/api/v1/feature-views/:name/versions/:version/uses',
    permission: 'read',
    summary: 'Who uses a version of a feature view: services, training sets, models, endpoints',
    params: byVersion,
    reply: FeatureUses,
  },
  impact: {
    method: 'POST',
    path: '/api/v1/feature-views/:name/impact',
    permission: 'read',
    summary: 'What another definition would change, and whom it touches; nothing is registered',
    params: byName,
    body: strict({ ...viewProperties, bindings: versionBindings }),
    reply: FeatureImpact,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/feature-views/:name',
    permission: 'write',
    summary: 'Delete a feature view with all its versions, once nothing uses one of them',
    params: byName,
    reply: Done,
  },
  deleteVersion: {
    method: 'DELETE',
    path: '/api/v1/feature-views/:name/versions/:version',
    permission: 'write',
    summary: 'Delete one version of a feature view that nothing uses',
    params: byVersion,
    reply: Done,
  },
  preview: {
    method: 'POST',
    path: '/api/v1/feature-views/preview',
    permission: 'read',
    summary: 'Run a definition on some rows before anything is registered',
    body: strict({
      ...viewProperties,
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
      bindings: versionBindings,
    }),
    reply: PreviewReply,
  },
});
