import { type Static, Type } from 'typebox';
import { integer, nullable, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

export const DeletedThing = Type.Object({
  kind: Type.String({ description: 'run, logged-model or experiment' }),
  id: Type.String(),
  name: Type.String(),
  deletedAt: Timestamp,
  folder: nullable(
    Type.String({ description: 'goes with it, where its files lie in a folder of the artifact root' }),
  ),
});

export const Garbage = Type.Object({
  applied: Type.Boolean({ description: 'false: this is what would be removed' }),
  removed: Type.Array(DeletedThing, { description: 'the first thousand' }),
  kept: Type.Array(
    Type.Intersect([DeletedThing, Type.Object({ usedBy: Type.String({ description: 'uri of one user' }) })]),
    { description: 'deleted as long ago, but something still uses them' },
  ),
  runs: Type.Integer(),
  loggedModels: Type.Integer(),
  experiments: Type.Integer(),
  chunks: Type.Integer({ description: 'of dataset versions that are gone' }),
  blobs: Type.Integer(),
  bytes: Type.Integer(),
  next: nullable(Type.String({ description: 'more is left: call again with this cursor' })),
});
export type Garbage = Static<typeof Garbage>;

export const garbageEndpoints = endpoints({
  collect: {
    method: 'POST',
    path: '/api/v1/garbage/collect',
    permission: 'admin',
    summary: 'Remove for good what was deleted long ago, and the files that nothing names any more',
    body: strict({
      olderThanSeconds: Type.Optional(integer({ minimum: 0, description: 'deleted for so long; 30 days' })),
      graceSeconds: Type.Optional(
        integer({
          minimum: 3600,
          description: 'younger files stay, as an upload may be about to name them; a day',
        }),
      ),
      apply: Type.Optional(Type.Boolean({ description: 'without it, nothing is removed' })),
      cursor: Type.Optional(Type.String({ maxLength: 200 })),
    }),
    reply: Garbage,
  },
});
