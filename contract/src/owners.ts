import { type Static, Type } from 'typebox';
import { integer, literals, nullable, page, pageQuery, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

const Person = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: '^\\S(?:[^\\p{Cc}]*\\S)?$',
  description: 'a user, a team, a program: user:mira, prices team',
});

export const Ownership = Type.Object({
  subject: Type.String({ description: 'model:forecaster or endpoint:forecast' }),
  owner: nullable(Type.String({ description: 'who answers for it' })),
  consumers: Type.Array(Type.String(), { description: 'who said that they rely on it' }),
  updatedAt: nullable(Timestamp),
  updatedBy: nullable(Type.String()),
});
export type Ownership = Static<typeof Ownership>;

/** Who was seen to call an endpoint. */
export const EndpointCaller = Type.Object({
  actor: Type.String(),
  requests: Type.Integer(),
  firstAt: Timestamp,
  lastAt: Timestamp,
});
export type EndpointCaller = Static<typeof EndpointCaller>;

const Subject = Type.String({
  minLength: 3,
  maxLength: 400,
  description: 'model:forecaster or endpoint:forecast',
});

export const ownersEndpoints = endpoints({
  list: {
    method: 'GET',
    path: '/api/v1/owners',
    permission: 'read',
    summary: 'Who answers for which models and endpoints, and who relies on them, by name',
    query: strict({
      ...pageQuery,
      kind: Type.Optional(literals('model', 'endpoint')),
      owner: Type.Optional(Type.String({ maxLength: 200 })),
      consumer: Type.Optional(Type.String({ maxLength: 200, description: 'declared as one' })),
    }),
    reply: page(Ownership),
  },
  get: {
    method: 'GET',
    path: '/api/v1/ownership',
    permission: 'read',
    summary:
      'Owner and consumers of a model or an endpoint; of an endpoint also who called it, the newest first',
    query: strict({ subject: Subject }),
    reply: Type.Intersect([Ownership, Type.Object({ callers: Type.Array(EndpointCaller) })]),
  },
  put: {
    method: 'PUT',
    path: '/api/v1/ownership',
    permission: 'write',
    summary: 'Say who answers for a model or an endpoint, and who relies on it; what is not given stays',
    body: strict({
      subject: Subject,
      owner: Type.Optional(nullable(Person)),
      consumers: Type.Optional(Type.Array(Person, { maxItems: 200 })),
      since: Type.Optional(
        nullable(
          integer({ description: 'updatedAt of what was changed; refused when somebody wrote since' }),
        ),
      ),
    }),
    reply: Ownership,
  },
});
