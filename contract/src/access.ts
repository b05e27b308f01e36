import { type Static, Type } from 'typebox';
import { byId, Done, literals, nullable, page, pageQuery, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

export const Role = literals('none', 'viewer', 'editor', 'approver', 'operator', 'admin', 'invoker');
export type Role = Static<typeof Role>;

/** Who gets a role: `user:mira`, `group:risk`, `token:shop` (every token of that name). */
export const Grantee = Type.String({
  minLength: 6,
  maxLength: 200,
  description: 'user:…, group:… or token:…',
});
export const GrantResource = Type.String({
  minLength: 7,
  maxLength: 400,
  description: 'model:prices, endpoint:forecast, dataset:days',
});

export const Grant = Type.Object({
  id: Type.String(),
  to: Type.String(),
  role: Role,
  /** The one thing that it is for; null: all of the workspace. */
  resource: nullable(Type.String()),
  createdAt: Timestamp,
  createdBy: Type.String(),
});
export type Grant = Static<typeof Grant>;

/** How a caller has shown who they are. */
export const Via = literals('local', 'token', 'password', 'session');
export type Via = Static<typeof Via>;

export const Identity = Type.Object({
  actor: Type.String(),
  role: Role,
  workspace: Type.String(),
  resource: nullable(Type.String()),
  via: Via,
  /** Roles on single things beside the one of the workspace. */
  grants: Type.Array(Type.Object({ role: Role, resource: Type.String() })),
});
export type Identity = Static<typeof Identity>;

/** Requests: so many at once, and so many a second in the long run. */
export const RateLimit = Type.Object({
  perSecond: Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 }),
  burst: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
});
export type RateLimit = Static<typeof RateLimit>;

/** Who is refused first when an endpoint is asked more than it can answer: low, and high last. */
export const Priority = literals('low', 'normal', 'high');
export type Priority = Static<typeof Priority>;

export const Token = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Role,
  actor: Type.String(),
  /** The one thing that it is good for; null: all of its workspace. */
  resource: nullable(Type.String()),
  /** Null: as many requests as it likes. */
  rate: nullable(RateLimit),
  /** Requests between two midnights, UTC; null: as many as it likes. */
  perDay: nullable(Type.Integer()),
  priority: Priority,
  createdAt: Timestamp,
  expiresAt: nullable(Timestamp),
  lastUsedAt: nullable(Timestamp),
  revokedAt: nullable(Timestamp),
});
export type Token = Static<typeof Token>;

export const LineageEdge = Type.Object({
  from: Type.String(),
  to: Type.String(),
  relation: Type.String(),
  createdAt: Timestamp,
});
export type LineageEdge = Static<typeof LineageEdge>;

/** Something that depends on another thing, directly or through others. */
export const Dependent = Type.Object({
  uri: Type.String(),
  kind: Type.String({ description: 'dataset, run, model, endpoint, …' }),
  distance: Type.Integer({ description: 'steps from the thing; the shortest way' }),
  via: Type.String({ description: 'uri of the step before' }),
  relation: Type.String({ description: 'how it came of that, or why it uses it' }),
  inUse: Type.Boolean({ description: 'it relies on it now; false: it came of it once' }),
  gone: Type.Boolean({ description: 'deleted since' }),
});
export type Dependent = Static<typeof Dependent>;

export const Impact = Type.Object({
  uri: Type.String(),
  counts: Type.Record(Type.String(), Type.Integer(), { description: 'dependents by kind' }),
  dependents: Type.Array(Dependent, { description: 'nearest first' }),
  truncated: Type.Boolean({ description: 'there are more than were asked for; counts are of those listed' }),
});
export type Impact = Static<typeof Impact>;

export const accessEndpoints = endpoints({
  whoami: {
    method: 'GET',
    path: '/api/v1/whoami',
    permission: 'self',
    summary: 'Who the server takes you for',
    reply: Identity,
  },
  createToken: {
    method: 'POST',
    path: '/api/v1/tokens',
    permission: 'admin',
    summary: 'Create a token; its secret is shown once',
    body: strict({
      name: Type.String({ minLength: 1, maxLength: 128 }),
      role: Role,
      user: Type.Optional(Type.String()),
      resource: Type.Optional(
        Type.String({ maxLength: 400, description: 'the only thing it is good for, e.g. endpoint:forecast' }),
      ),
      rate: Type.Optional(
        strict({
          perSecond: RateLimit.properties.perSecond,
          burst: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'default: what is due in a second' }),
          ),
        }),
      ),
      perDay: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 1_000_000_000,
          description: 'requests between two midnights, UTC',
        }),
      ),
      priority: Type.Optional(Priority),
      expiresInDays: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 36_500 })),
    }),
    reply: Type.Object({ token: Token, secret: Type.String() }),
    status: 201,
  },
  listTokens: {
    method: 'GET',
    path: '/api/v1/tokens',
    permission: 'admin',
    summary: 'List tokens, without secrets',
    query: strict(pageQuery),
    reply: page(Token),
  },
  revokeToken: {
    method: 'DELETE',
    path: '/api/v1/tokens/:id',
    permission: 'admin',
    summary: 'Revoke a token',
    params: byId,
    reply: Done,
  },
  lineage: {
    method: 'GET',
    path: '/api/v1/lineage',
    permission: 'read',
    summary: 'What a thing came from (upstream) and what came from it (downstream)',
    query: strict({
      uri: Type.String({ minLength: 3, maxLength: 400 }),
      depth: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    }),
    reply: Type.Object({
      uri: Type.String(),
      upstream: Type.Array(LineageEdge),
      downstream: Type.Array(LineageEdge),
    }),
  },
  impact: {
    method: 'GET',
    path: '/api/v1/lineage/impact',
    permission: 'read',
    summary: 'All that depends on a thing, however far: what must be made again if it was wrong',
    query: strict({
      uri: Type.String({ minLength: 3, maxLength: 400 }),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: '1000 by default' })),
    }),
    reply: Impact,
  },
});
