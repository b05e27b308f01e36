import { Type } from 'typebox';
import { byVersion, nullable, Row, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';
import { versionBindings } from './feature-views.ts';

export const onlineFeatureEndpoints = endpoints({
  materialize: {
    method: 'POST',
    path: '/api/v1/feature-views/:name/versions/:version/materialize',
    permission: 'write',
    summary: 'Write the newest value per entity to the online store; older values never replace newer ones',
    params: byVersion,
    body: strict({ bindings: versionBindings }),
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
});
