import { type Static, Type } from 'typebox';
import { byName, byVersion, Column, Done, page, pageQuery, strict, Tags, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';
import { FeatureUses } from './feature-uses.ts';

/** What every definition of the catalogue may say about itself; a change of these is no change of meaning. */
export const aboutProperties = {
  description: Type.Optional(Type.String({ maxLength: 2000 })),
  owner: Type.Optional(Type.String({ maxLength: 200, description: 'who answers for it' })),
  tags: Type.Optional(Tags),
};
/** What the catalogue adds to a definition. */
export const definedProperties = {
  workspace: Type.String(),
  name: Type.String(),
  version: Type.Integer(),
  description: Type.String(),
  owner: Type.String(),
  tags: Tags,
  createdAt: Timestamp,
  createdBy: Type.String(),
};

export const EntityDefinition = strict({
  ...aboutProperties,
  joinKeys: Type.Array(
    strict({ name: Type.String({ minLength: 1, maxLength: 128 }), type: Column.properties.type }),
    {
      minItems: 1,
      maxItems: 8,
      description: 'columns that together name one of them',
    },
  ),
});
export type EntityDefinition = Static<typeof EntityDefinition>;

export const Entity = Type.Object({
  ...definedProperties,
  reference: Type.String({ description: 'customer@1' }),
  uri: Type.String({ description: 'entity:customer@1' }),
  joinKeys: Type.Array(Column),
});
export type Entity = Static<typeof Entity>;

export const entitiesEndpoints = endpoints({
  put: {
    method: 'PUT',
    path: '/api/v1/entities/:name',
    permission: 'write',
    summary: 'Define an entity; other join keys make a new version, views keep those they were defined with',
    params: byName,
    body: EntityDefinition,
    reply: Type.Intersect([Entity, Type.Object({ unchanged: Type.Boolean() })]),
  },
  list: {
    method: 'GET',
    path: '/api/v1/entities',
    permission: 'read',
    summary: 'List entities, latest version each',
    query: strict(pageQuery),
    reply: page(Entity),
  },
  get: {
    method: 'GET',
    path: '/api/v1/entities/:name',
    permission: 'read',
    summary: 'Get the latest version of an entity',
    params: byName,
    reply: Entity,
  },
  listVersions: {
    method: 'GET',
    path: '/api/v1/entities/:name/versions',
    permission: 'read',
    summary: 'List the versions of an entity, newest first',
    params: byName,
    query: strict(pageQuery),
    reply: page(Entity),
  },
  getVersion: {
    method: 'GET',
    path: '/api/v1/entities/:name/versions/:version',
    permission: 'read',
    summary: 'Get one version of an entity',
    params: byVersion,
    reply: Entity,
  },
  uses: {
    method: 'GET',
    path: '/api/v1/entities/:name/versions/:version/uses',
    permission: 'read',
    summary: 'Who uses a version of an entity: views, services, training sets, models, endpoints',
    params: byVersion,
    reply: FeatureUses,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/entities/:name',
    permission: 'write',
    summary: 'Delete an entity that no view uses',
    params: byName,
    reply: Done,
  },
});
