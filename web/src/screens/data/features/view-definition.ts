import type { FeatureView, FeatureViewDefinition } from '@tidemill/sdk';

/** A view as one would define it again. */
export const toDefinition = (view: FeatureView): FeatureViewDefinition => ({
  sql: view.sql,
  ...(view.entities.length > 0 ? { entities: view.entities } : { entity: view.entity }),
  eventTime: view.eventTime,
  ...(view.createdTime !== null && { createdTime: view.createdTime }),
  ...(view.ttl !== null && { ttl: view.ttl }),
  ...(view.freshness !== null && { freshness: view.freshness }),
  description: view.description,
  owner: view.owner,
  tags: view.tags,
  online: view.online,
  ...(view.stream && { stream: view.stream }),
  ...(view.aggregations.length > 0 && { aggregations: view.aggregations }),
});
