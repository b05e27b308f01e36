import { type Static, Type } from 'typebox';
import { byName, byVersion, Column, nullable, page, pageQuery, Row, strict, Timestamp } from './common.ts';
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

/** Which version each name of a SQL means while it is run. */
export const versionBindings = Type.Optional(
  Type.Record(Type.String(), Type.String(), {
    description: 'dataset name -> version reference; default latest',
  }),
);

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
    reply: Type.Object({ columns: Type.Array(Column), rows: Type.Array(Row) }),
  },
});
