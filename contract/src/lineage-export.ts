import { Type } from 'typebox';
import { strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

export const lineageExportEndpoints = endpoints({
  openLineage: {
    method: 'GET',
    path: '/api/v1/lineage/openlineage',
    permission: 'read',
    summary:
      'All recorded lineage as run events of OpenLineage (spec 2-0-2), a line of JSON each: START, and COMPLETE, FAIL or ABORT',
    query: strict({
      from: Type.Optional(Timestamp),
      to: Type.Optional(Timestamp),
    }),
    download: true,
  },
});
