import { type Static, Type } from 'typebox';
import { Column, nullable } from './common.ts';

const uris = (example: string) => Type.Array(Type.String(), { description: example });

/** Who uses a definition now, directly or through one another. */
export const FeatureUses = Type.Object({
  uri: Type.String({ description: 'view:price_stats@2' }),
  views: uris('view:price_stats@2'),
  services: uris('service:pricing@1'),
  trainingSets: uris('dataset:churn-train@4; datasets derived from one are among them'),
  models: uris('model:forecaster@7'),
  endpoints: uris('endpoint:forecast'),
  truncated: Type.Boolean({ description: 'there are more' }),
});
export type FeatureUses = Static<typeof FeatureUses>;

/** What another definition of a view would change, and for whom. */
export const FeatureImpact = Type.Object({
  view: nullable(Type.String({ description: 'the latest version, price_stats@2; null for a new view' })),
  sameMeaning: Type.Boolean({ description: 'defining it makes no new version' }),
  changes: Type.Array(Type.String(), { description: 'parts of the meaning that differ: sql, ttl, joinKeys' }),
  features: Type.Array(
    Type.Object({
      name: Type.String(),
      change: Type.Enum(['added', 'removed', 'retyped']),
      from: nullable(Column.properties.type),
      to: nullable(Column.properties.type),
      uses: FeatureUses,
    }),
  ),
  uses: FeatureUses,
});
export type FeatureImpact = Static<typeof FeatureImpact>;
