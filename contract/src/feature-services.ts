import { type Static, Type } from 'typebox';
import { byName, byVersion, Column, Done, page, pageQuery, strict } from './common.ts';
import { endpoints } from './endpoint.ts';
import { aboutProperties, definedProperties } from './entities.ts';
import { FeatureUses } from './feature-uses.ts';
import { PreviewReply, versionBindings } from './feature-views.ts';

const field = { name: Type.String({ minLength: 1, maxLength: 128 }), type: Column.properties.type };

/** A feature computed when it is asked for, from what the request says and from other features. */
export const OnDemandFeature = strict({
  ...field,
  expression: Type.String({
    minLength: 1,
    maxLength: 2000,
    description: 'CEL over request fields and features',
  }),
});
export type OnDemandFeature = Static<typeof OnDemandFeature>;

const serviceProperties = {
  ...aboutProperties,
  features: Type.Array(Type.String({ minLength: 1, maxLength: 500 }), {
    minItems: 1,
    maxItems: 500,
    description: 'price_stats, price_stats@2, price_stats:close, price_stats@2:close as last_close',
  }),
  request: Type.Optional(
    Type.Array(strict(field), { maxItems: 100, description: 'fields that the request brings' }),
  ),
  onDemand: Type.Optional(Type.Array(OnDemandFeature, { maxItems: 100 })),
};
export const FeatureServiceDefinition = strict(serviceProperties);
export type FeatureServiceDefinition = Static<typeof FeatureServiceDefinition>;

/** A version of a view, and which of its features are taken under which name. */
export const ServiceView = Type.Object({
  reference: Type.String({ description: 'price_stats@2' }),
  features: Type.Array(Type.Object({ name: Type.String(), as: Type.String(), type: Column.properties.type })),
});
export type ServiceView = Static<typeof ServiceView>;

export const FeatureService = Type.Object({
  ...definedProperties,
  reference: Type.String({ description: 'pricing@1' }),
  uri: Type.String({ description: 'service:pricing@1' }),
  features: Type.Array(Type.String(), { description: 'as they were asked for' }),
  request: Type.Array(Column),
  onDemand: Type.Array(OnDemandFeature),
  views: Type.Array(ServiceView, { description: 'what the features were resolved to, in order' }),
  joinKeys: Type.Array(Column, { description: 'key columns of all its views' }),
  outputs: Type.Array(Column, { description: 'features of the views, then those on demand' }),
});
export type FeatureService = Static<typeof FeatureService>;

const ServicePreview = strict({
  ...serviceProperties,
  features: Type.Optional(serviceProperties.features),
  service: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'instead of a definition: pricing@2' }),
  ),
  entities: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 50_000,
      description:
        "SQL giving keys, event time and fields of the request, or a dataset version ('orders@3'); default the first rows of a view that has all keys, with null for fields of the request",
    }),
  ),
  eventTime: Type.Optional(
    Type.String({ minLength: 1, maxLength: 128, description: 'column of the entities; default event_time' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'entity rows; default 100' })),
  statuses: Type.Optional(Type.Boolean({ description: 'adds a column VIEW__status to each view' })),
  bindings: versionBindings,
});
export type ServicePreview = Static<typeof ServicePreview>;

export const featureServicesEndpoints = endpoints({
  put: {
    method: 'PUT',
    path: '/api/v1/feature-services/:name',
    permission: 'write',
    summary: 'Define a feature service; a change of meaning makes a new version',
    params: byName,
    body: FeatureServiceDefinition,
    reply: Type.Intersect([FeatureService, Type.Object({ unchanged: Type.Boolean() })]),
  },
  list: {
    method: 'GET',
    path: '/api/v1/feature-services',
    permission: 'read',
    summary: 'List feature services, latest version each',
    query: strict(pageQuery),
    reply: page(FeatureService),
  },
  listVersions: {
    method: 'GET',
    path: '/api/v1/feature-services/:name/versions',
    permission: 'read',
    summary: 'List the versions of a feature service, newest first',
    params: byName,
    query: strict(pageQuery),
    reply: page(FeatureService),
  },
  get: {
    method: 'GET',
    path: '/api/v1/feature-services/:name/versions/:version',
    permission: 'read',
    summary: 'Get one version of a feature service',
    params: byVersion,
    reply: FeatureService,
  },
  preview: {
    method: 'POST',
    path: '/api/v1/feature-services/preview',
    permission: 'read',
    summary:
      'Run a service, registered or not, on some entity rows as a training set would: its views as of their times, its features on demand. Nothing is kept',
    body: ServicePreview,
    reply: PreviewReply,
  },
  uses: {
    method: 'GET',
    path: '/api/v1/feature-services/:name/versions/:version/uses',
    permission: 'read',
    summary: 'Who uses a version of a feature service: training sets, models, endpoints',
    params: byVersion,
    reply: FeatureUses,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/feature-services/:name',
    permission: 'write',
    summary: 'Delete a feature service with all its versions, once nothing uses one of them',
    params: byName,
    reply: Done,
  },
  deleteVersion: {
    method: 'DELETE',
    path: '/api/v1/feature-services/:name/versions/:version',
    permission: 'write',
    summary: 'Delete one version of a feature service that nothing uses',
    params: byVersion,
    reply: Done,
  },
});
