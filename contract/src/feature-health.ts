import { type Static, Type } from 'typebox';
import {
  byVersion,
  ColumnType,
  Duration,
  literals,
  nullable,
  Reference,
  Row,
  strict,
  Timestamp,
} from './common.ts';
import { endpoints } from './endpoint.ts';

const Newest = Type.Object({
  eventTime: Timestamp,
  ageMs: Type.Integer({ description: 'how long ago at the measurement' }),
});

export const Freshness = Type.Object({
  objective: nullable(Duration),
  online: nullable(Newest),
  offline: nullable(Newest),
  met: nullable(
    Type.Boolean({ description: 'of what is served: online, or offline where nothing is online' }),
  ),
  text: Type.String({ description: 'the verdict with its cause, in a sentence' }),
});
export type Freshness = Static<typeof Freshness>;

const Nulls = Type.Object({
  rows: Type.Integer(),
  nulls: Type.Integer(),
  rate: nullable(Type.Number({ description: 'null where there are no rows' })),
});

export const FeatureDrift = Type.Object({
  statistic: literals('ks', 'chi-square'),
  value: Type.Number(),
  threshold: Type.Number(),
  breached: Type.Boolean(),
  rows: Type.Integer({ description: 'of the newest window' }),
  referenceRows: Type.Integer(),
});
export type FeatureDrift = Static<typeof FeatureDrift>;

export const FeatureMeasure = Type.Object({
  name: Type.String(),
  type: ColumnType,
  offline: Nulls,
  /** Of the sampled entities that are online. */
  online: Nulls,
  drift: nullable(FeatureDrift),
});
export type FeatureMeasure = Static<typeof FeatureMeasure>;

export const MismatchCause = literals('not-materialized', 'pushed', 'ttl', 'not-repeatable', 'unknown');
export type MismatchCause = Static<typeof MismatchCause>;

export const ParityMismatch = Type.Object({
  entity: Row,
  feature: nullable(Type.String({ description: 'null: the whole row is missing, or of another event' })),
  online: Type.Unknown(),
  offline: Type.Unknown(),
  onlineEventTime: nullable(Timestamp),
  offlineEventTime: nullable(Timestamp),
  cause: MismatchCause,
  text: Type.String(),
});
export type ParityMismatch = Static<typeof ParityMismatch>;

export const Parity = Type.Object({
  sampled: Type.Integer({ description: 'entities read online and offline at the same instant' }),
  matched: Type.Integer(),
  wrong: Type.Integer({ description: 'another value online than offline for the same event, or one lost' }),
  behind: Type.Integer({ description: 'online as of the last materialization, and offline has gone on' }),
  ahead: Type.Integer({ description: 'online of a later event than offline knows: pushed online only' }),
  changing: Type.Integer({ description: 'written while it was measured, and so not judged' }),
  behindSince: nullable(Timestamp),
  mismatches: Type.Array(ParityMismatch, { description: 'the first fifty' }),
});
export type Parity = Static<typeof Parity>;

export const FeatureHealth = Type.Object({
  view: Type.String({ description: 'price_stats@2' }),
  measuredAt: Timestamp,
  tookMs: Type.Integer(),
  versions: Type.Array(Type.String(), { description: 'dataset versions that offline is read from' }),
  rows: Type.Integer({ description: 'offline, known now' }),
  entities: Type.Integer(),
  pending: Type.Integer({ description: 'rows that lie ahead of now' }),
  materialization: nullable(
    Type.Object({
      id: Type.String(),
      finishedAt: Timestamp,
      bindings: Type.Record(Type.String(), Type.String()),
    }),
  ),
  freshness: Freshness,
  features: Type.Array(FeatureMeasure),
  parity: nullable(Parity),
  driftReference: nullable(
    Type.String({ description: 'what the newest rows are held against: a dataset version, or earlier rows' }),
  ),
});
export type FeatureHealth = Static<typeof FeatureHealth>;

export const featureHealthEndpoints = endpoints({
  health: {
    method: 'GET',
    path: '/api/v1/feature-views/:name/versions/:version/health',
    permission: 'read',
    summary:
      'Freshness, null rates, drift, and whether the online values are the offline ones at this instant',
    params: byVersion,
    query: strict({
      sample: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 2000, description: 'entities compared; default 200' }),
      ),
      seed: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 2 ** 31 - 1,
          description: 'which ones; the same seed, the same entities',
        }),
      ),
      reference: Type.Optional(Reference),
      kept: Type.Optional(
        Type.Boolean({ description: 'the last measurement, if there is one, instead of a new one' }),
      ),
    }),
    reply: FeatureHealth,
  },
});
