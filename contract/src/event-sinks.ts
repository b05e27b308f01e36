import { type Static, Type } from 'typebox';
import { byName, Done, literals, nullable, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

export const EventSink = Type.Object({
  endpoint: Type.String(),
  url: Type.String(),
  mode: literals('batch', 'structured', 'binary'),
  content: literals('full', 'metadata'),
  hasSecret: Type.Boolean(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  updatedBy: Type.String(),
  counts: Type.Object(
    {
      delivered: Type.Integer(),
      lost: Type.Integer(),
      waiting: Type.Integer(),
      problem: nullable(Type.String({ description: 'why the last message was not taken' })),
    },
    { description: 'of this server, since it was started or the sink was changed' },
  ),
});
export type EventSink = Static<typeof EventSink>;

export const eventSinksEndpoints = endpoints({
  put: {
    method: 'PUT',
    path: '/api/v1/endpoints/:name/event-sink',
    permission: 'admin',
    resource: 'endpoint:{name}',
    summary: 'Tell the predictions of an endpoint to an address, as CloudEvents 1.0',
    params: byName,
    body: strict({
      url: Type.String({ minLength: 1, maxLength: 2000 }),
      mode: Type.Optional(literals('batch', 'structured', 'binary')),
      content: Type.Optional(literals('full', 'metadata')),
      secret: Type.Optional(nullable(Type.String({ minLength: 1, maxLength: 1000 }))),
    }),
    reply: EventSink,
  },
  get: {
    method: 'GET',
    path: '/api/v1/endpoints/:name/event-sink',
    permission: 'admin',
    resource: 'endpoint:{name}',
    summary: 'Where the predictions of an endpoint are told, and how it goes',
    params: byName,
    reply: EventSink,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/endpoints/:name/event-sink',
    permission: 'admin',
    resource: 'endpoint:{name}',
    summary: 'Tell the predictions of an endpoint no longer',
    params: byName,
    reply: Done,
  },
});
