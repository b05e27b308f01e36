import { type Static, Type } from 'typebox';
import {
  byId,
  byName,
  byVersion,
  literals,
  nullable,
  page,
  pageQuery,
  Row,
  strict,
  Timestamp,
} from './common.ts';
import { endpoints } from './endpoint.ts';
import { versionBindings } from './feature-views.ts';

/** Feast's words. A value beyond its view's ttl is null, as in a training set. */
export const FeatureStatus = literals('PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'OUTSIDE_MAX_AGE');
export type FeatureStatus = Static<typeof FeatureStatus>;

export const Materialization = Type.Object({
  id: Type.String(),
  view: Type.String({ description: 'price_stats@2' }),
  mode: literals('full', 'incremental'),
  trigger: literals('request', 'schedule', 'dataset-version'),
  state: literals('queued', 'running', 'succeeded', 'failed', 'cancelled'),
  unchanged: Type.Boolean({
    description: 'nothing had to be written: the same dataset versions as last time',
  }),
  entities: Type.Integer({ description: 'rows read, one per entity' }),
  written: Type.Integer({ description: 'rows kept: those that were not older than what was there' }),
  newestEventTime: nullable(Timestamp),
  pending: Type.Integer({ description: 'rows that lie ahead of now; the next one takes them' }),
  bindings: Type.Record(Type.String(), Type.String()),
  error: nullable(Type.String()),
  createdAt: Timestamp,
  startedAt: nullable(Timestamp),
  finishedAt: nullable(Timestamp),
  createdBy: Type.String(),
});
export type Materialization = Static<typeof Materialization>;

/** What is looked up for one entity, parallel to `features` of the reply. */
export const LookedUpRow = Type.Object({
  values: Type.Array(Type.Unknown()),
  statuses: Type.Array(FeatureStatus),
  eventTimes: Type.Array(nullable(Timestamp)),
});
export type LookedUpRow = Static<typeof LookedUpRow>;

export const OnlineStatus = Type.Object({
  kind: literals('sqlite', 'redis'),
  address: Type.String(),
  problem: nullable(Type.String({ description: 'why it cannot be used now' })),
});
export type OnlineStatus = Static<typeof OnlineStatus>;

const entitiesToLookUp = Type.Array(Row, { minItems: 1, maxItems: 1000 });

export const onlineFeatureEndpoints = endpoints({
  materialize: {
    method: 'POST',
    path: '/api/v1/feature-views/:name/versions/:version/materialize',
    permission: 'write',
    summary: 'Write the newest value per entity to the online store; older values never replace newer ones',
    params: byVersion,
    body: strict({
      bindings: versionBindings,
      mode: Type.Optional(literals('full', 'incremental')),
      wait: Type.Optional(
        Type.Boolean({ description: 'false: reply as soon as it is queued; default true' }),
      ),
    }),
    reply: Materialization,
  },
  listMaterializations: {
    method: 'GET',
    path: '/api/v1/feature-views/:name/materializations',
    permission: 'read',
    summary: 'What was written to the online store for a feature view, newest first',
    params: byName,
    query: strict(pageQuery),
    reply: page(Materialization),
  },
  getMaterialization: {
    method: 'GET',
    path: '/api/v1/materializations/:id',
    permission: 'read',
    summary: 'One materialization, also while it runs',
    params: byId,
    reply: Materialization,
  },
  cancelMaterialization: {
    method: 'POST',
    path: '/api/v1/materializations/:id/cancel',
    permission: 'write',
    summary: 'Stop a materialization; what it has written stays',
    params: byId,
    body: strict({}),
    reply: Materialization,
  },
  lookup: {
    method: 'POST',
    path: '/api/v1/feature-views/:name/versions/:version/lookup',
    permission: 'read',
    summary:
      'Read online values by entity key; null where the entity has none. Counts of no events are 0, of no event time',
    params: byVersion,
    body: strict({ entities: entitiesToLookUp }),
    reply: Type.Object({
      rows: Type.Array(
        nullable(
          Type.Object({
            eventTime: nullable(Timestamp),
            values: Row,
            statuses: Type.Record(Type.String(), FeatureStatus),
          }),
        ),
      ),
    }),
  },
  lookupService: {
    method: 'POST',
    path: '/api/v1/feature-services/:name/versions/:version/lookup',
    permission: 'read',
    summary: 'Read all features of a service by entity keys, those on demand included, in one round trip',
    params: byVersion,
    body: strict({
      entities: entitiesToLookUp,
      request: Type.Optional(
        Type.Array(Row, {
          maxItems: 1000,
          description:
            'fields of the request, one row per entity, or one for all; may also stand in entities',
        }),
      ),
    }),
    reply: Type.Object({
      service: Type.String({ description: 'pricing@1' }),
      features: Type.Array(Type.String()),
      rows: Type.Array(LookedUpRow),
    }),
  },
  push: {
    method: 'POST',
    path: '/api/v1/feature-views/:name/versions/:version/push',
    permission: 'write',
    summary: 'Push rows to a feature view: online for look-ups, offline as rows of its dataset, or both',
    params: byVersion,
    body: strict({
      rows: Type.Array(Row, { minItems: 1, maxItems: 10_000 }),
      to: Type.Optional(literals('online', 'offline', 'online_and_offline')),
      key: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 200,
          description:
            'names the push: sent again with the same key, its offline rows are not appended twice, and its events count once',
        }),
      ),
    }),
    reply: Type.Object({
      view: Type.String(),
      rows: Type.Integer(),
      online: nullable(
        Type.Object({ written: Type.Integer({ description: 'rows kept: later ones may be there' }) }),
      ),
      offline: nullable(
        Type.Object({
          version: Type.String({ description: 'orders@8: the dataset version that holds the rows' }),
          repeated: Type.Boolean({ description: 'the rows were there already, by their key' }),
        }),
      ),
      notices: Type.Array(Type.String(), {
        description:
          'how it was understood: times without a zone, read as UTC; events that would count again if they were sent again',
      }),
    }),
  },
  onlineStatus: {
    method: 'GET',
    path: '/api/v1/online-store',
    permission: 'read',
    summary: 'Where online values are kept, and whether it answers',
    reply: OnlineStatus,
  },
});
