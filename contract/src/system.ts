import { type Static, Type } from 'typebox';
import { integer, Json, nullable, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

export const Status = Type.Object({
  version: Type.String(),
  database: Type.String(),
  startedAt: Timestamp,
  paused: Type.Boolean(),
  pauseReason: nullable(Type.String()),
  tasks: Type.Record(Type.String(), Type.Integer()),
});
export type Status = Static<typeof Status>;

export const Event = Type.Object({
  id: Type.Integer(),
  kind: Type.String(),
  subject: Type.String(),
  actor: Type.String(),
  payload: Json,
  createdAt: Timestamp,
});
export type Event = Static<typeof Event>;

export const systemEndpoints = endpoints({
  status: {
    method: 'GET',
    path: '/api/v1/status',
    permission: 'read',
    summary: 'Version, database, pause and task counts',
    reply: Status,
  },
  pause: {
    method: 'POST',
    path: '/api/v1/automation/pause',
    permission: 'operate',
    summary: 'Stop all automation: no task is leased until resume; serving goes on, rollback still works',
    body: strict({ reason: Type.String({ minLength: 1, maxLength: 1000 }) }),
    reply: Status,
  },
  resume: {
    method: 'POST',
    path: '/api/v1/automation/resume',
    permission: 'operate',
    summary: 'Resume automation',
    reply: Status,
  },
  events: {
    method: 'GET',
    path: '/api/v1/events',
    permission: 'read',
    summary: 'Server-sent events: every change as it is committed, from Last-Event-ID or ?after=',
    query: strict({
      after: Type.Optional(integer({ minimum: 0 })),
      kinds: Type.Optional(Type.String()),
    }),
    download: true,
  },
});
