import { type Static, Type } from 'typebox';
import { ColumnType, literals, nullable, page, pageQuery, strict, Tags } from './common.ts';
import { endpoints } from './endpoint.ts';

export const FeatureEntryKind = literals('entity', 'view', 'service', 'feature');

/** Something the catalogue has: the latest version of a definition, or one feature of a view. */
export const FeatureEntry = Type.Object({
  kind: FeatureEntryKind,
  name: Type.String({ description: 'of the entity, view or service' }),
  feature: nullable(Type.String()),
  type: nullable(ColumnType),
  version: Type.Integer(),
  reference: Type.String({ description: 'price_stats@2, or price_stats@2:close of a feature' }),
  uri: Type.String({ description: 'view:price_stats@2' }),
  description: Type.String(),
  owner: Type.String(),
  tags: Tags,
});
export type FeatureEntry = Static<typeof FeatureEntry>;

export const featureSearchEndpoints = endpoints({
  search: {
    method: 'GET',
    path: '/api/v1/features/search',
    permission: 'read',
    summary:
      'Search entities, views, services and features by name, description, owner, tag, column or dataset',
    query: strict({
      q: Type.Optional(
        Type.String({ maxLength: 200, description: 'words that must all be there; none lists everything' }),
      ),
      kind: Type.Optional(FeatureEntryKind),
      ...pageQuery,
    }),
    reply: page(FeatureEntry),
  },
});
