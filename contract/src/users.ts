import { type Static, Type } from 'typebox';
import { Grant, Identity, Role } from './access.ts';
import { byId, Done, nullable, page, pageQuery, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

/** Also what stands before the colon of basic authentication, so it holds none. */
export const UserName = Type.String({
  pattern: '^[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}._@+-]{0,127}$',
  description: 'letters, digits and . _ @ + -',
});

export const User = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Role,
  createdAt: Timestamp,
  /** Whether they can log in: by a password that they have set. */
  hasPassword: Type.Boolean(),
  passwordChangedAt: nullable(Timestamp),
  lastLoginAt: nullable(Timestamp),
  disabledAt: nullable(Timestamp),
});
export type User = Static<typeof User>;

export const UserDetails = Type.Intersect([
  User,
  Type.Object({
    groups: Type.Array(Type.String()),
    grants: Type.Array(Grant, { description: 'their own and those of their groups' }),
  }),
]);
export type UserDetails = Static<typeof UserDetails>;

/** Good once, for choosing a password. */
export const Invitation = Type.Object({
  secret: Type.String({ description: 'shown once; /ui/login#invitation=SECRET takes it' }),
  expiresAt: Timestamp,
});
export type Invitation = Static<typeof Invitation>;

export const LoginSession = Type.Object({
  id: Type.String(),
  createdAt: Timestamp,
  lastSeenAt: Timestamp,
  expiresAt: Timestamp,
  address: Type.String({ description: 'where the login came from' }),
  agent: Type.String({ description: 'the browser, as it names itself' }),
  current: Type.Boolean({ description: 'the one that asks' }),
});
export type LoginSession = Static<typeof LoginSession>;

const Password = Type.String({ minLength: 1, maxLength: 1024, description: 'at least 12 characters' });
const byUser = strict({ name: Type.String({ minLength: 1, maxLength: 128 }) });
const Ended = Type.Object({ ended: Type.Integer({ description: 'sessions' }) });

export const usersEndpoints = endpoints({
  create: {
    method: 'POST',
    path: '/api/v1/users',
    permission: 'admin',
    summary: 'Create a user; without a password, an invitation to choose one',
    body: strict({
      name: UserName,
      role: Type.Optional(Role),
      password: Type.Optional(Password),
    }),
    reply: Type.Intersect([User, Type.Object({ invitation: nullable(Invitation) })]),
    status: 201,
  },
  list: {
    method: 'GET',
    path: '/api/v1/users',
    permission: 'admin',
    summary: 'List users',
    query: strict(pageQuery),
    reply: page(User),
  },
  get: {
    method: 'GET',
    path: '/api/v1/users/:name',
    permission: 'admin',
    summary: 'Get a user, with groups and grants',
    params: byUser,
    reply: UserDetails,
  },
  update: {
    method: 'PATCH',
    path: '/api/v1/users/:name',
    permission: 'admin',
    summary: 'Change the role of a user, disable or enable one',
    params: byUser,
    body: strict({ role: Type.Optional(Role), disabled: Type.Optional(Type.Boolean()) }),
    reply: User,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/users/:name',
    permission: 'admin',
    summary: 'Delete a user, with sessions, tokens, grants and memberships',
    params: byUser,
    reply: Done,
  },
  setPassword: {
    method: 'PUT',
    path: '/api/v1/users/:name/password',
    permission: 'admin',
    summary: 'Set the password of a user; ends all sessions of theirs',
    params: byUser,
    body: strict({ password: Password }),
    reply: User,
  },
  invite: {
    method: 'POST',
    path: '/api/v1/users/:name/invitation',
    permission: 'admin',
    summary: 'A new invitation to choose a password; an earlier one is no longer good',
    params: byUser,
    reply: Invitation,
    status: 201,
  },
  listSessions: {
    method: 'GET',
    path: '/api/v1/users/:name/sessions',
    permission: 'admin',
    summary: 'Where a user is logged in',
    params: byUser,
    query: strict(pageQuery),
    reply: page(LoginSession),
  },
  endSessions: {
    method: 'DELETE',
    path: '/api/v1/users/:name/sessions',
    permission: 'admin',
    summary: 'End all sessions of a user',
    params: byUser,
    reply: Ended,
  },
});

export const accountEndpoints = endpoints({
  login: {
    method: 'POST',
    path: '/api/v1/login',
    permission: 'public',
    summary: 'Log in by name and password; the reply sets a cookie',
    body: strict({
      name: Type.String({ minLength: 1, maxLength: 128 }),
      password: Type.String({ minLength: 1, maxLength: 1024 }),
    }),
    reply: Identity,
  },
  acceptInvitation: {
    method: 'POST',
    path: '/api/v1/login/invitation',
    permission: 'public',
    summary: 'Choose a password by an invitation, and log in',
    body: strict({
      invitation: Type.String({ minLength: 1, maxLength: 200 }),
      password: Password,
    }),
    reply: Identity,
  },
  logout: {
    method: 'POST',
    path: '/api/v1/logout',
    permission: 'self',
    summary: 'End the session that asks',
    reply: Done,
  },
  get: {
    method: 'GET',
    path: '/api/v1/account',
    permission: 'self',
    summary: 'The user that asks',
    reply: UserDetails,
  },
  changePassword: {
    method: 'PUT',
    path: '/api/v1/account/password',
    permission: 'self',
    summary: 'Change one’s own password; ends all other sessions',
    body: strict({ current: Type.String({ minLength: 1, maxLength: 1024 }), password: Password }),
    reply: Ended,
  },
  listSessions: {
    method: 'GET',
    path: '/api/v1/account/sessions',
    permission: 'self',
    summary: 'Where one is logged in',
    query: strict(pageQuery),
    reply: page(LoginSession),
  },
  endSession: {
    method: 'DELETE',
    path: '/api/v1/account/sessions/:id',
    permission: 'self',
    summary: 'End one of one’s own sessions',
    params: byId,
    reply: Done,
  },
});
