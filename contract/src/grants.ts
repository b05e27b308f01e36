import { type Static, Type } from 'typebox';
import { Grant, Grantee, GrantResource, Role } from './access.ts';
import { byId, Done, nullable, page, pageQuery, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

export const GroupName = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,159}$',
  description: 'a-z 0-9 . _ -',
});

export const Group = Type.Object({
  name: Type.String(),
  description: Type.String(),
  createdAt: Timestamp,
  members: Type.Array(Type.String(), { description: 'user:mira, token:shop' }),
});
export type Group = Static<typeof Group>;

const byGroup = strict({ name: GroupName });
const byMember = strict({ name: GroupName, member: Type.String({ minLength: 1, maxLength: 140 }) });

export const groupsEndpoints = endpoints({
  create: {
    method: 'POST',
    path: '/api/v1/groups',
    permission: 'admin',
    summary: 'Create a group',
    body: strict({ name: GroupName, description: Type.Optional(Type.String({ maxLength: 1000 })) }),
    reply: Group,
    status: 201,
  },
  list: {
    method: 'GET',
    path: '/api/v1/groups',
    permission: 'admin',
    summary: 'List groups with their members',
    query: strict(pageQuery),
    reply: page(Group),
  },
  get: {
    method: 'GET',
    path: '/api/v1/groups/:name',
    permission: 'admin',
    summary: 'Get a group',
    params: byGroup,
    reply: Group,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/groups/:name',
    permission: 'admin',
    summary: 'Delete a group and what was granted to it',
    params: byGroup,
    reply: Done,
  },
  addMember: {
    method: 'PUT',
    path: '/api/v1/groups/:name/members/:member',
    permission: 'admin',
    summary: 'Put a user or a token into a group',
    params: byMember,
    reply: Group,
  },
  removeMember: {
    method: 'DELETE',
    path: '/api/v1/groups/:name/members/:member',
    permission: 'admin',
    summary: 'Take a user or a token out of a group',
    params: byMember,
    reply: Group,
  },
});

export const grantsEndpoints = endpoints({
  add: {
    method: 'POST',
    path: '/api/v1/grants',
    permission: 'admin',
    summary: 'Give a role to a user, a group or a token: on one thing, or in all of the workspace',
    body: strict({ to: Grantee, role: Role, resource: Type.Optional(nullable(GrantResource)) }),
    reply: Grant,
    status: 201,
  },
  list: {
    method: 'GET',
    path: '/api/v1/grants',
    permission: 'admin',
    summary: 'List grants',
    query: strict({
      ...pageQuery,
      to: Type.Optional(Type.String({ maxLength: 200 })),
      resource: Type.Optional(Type.String({ maxLength: 400 })),
    }),
    reply: page(Grant),
  },
  remove: {
    method: 'DELETE',
    path: '/api/v1/grants/:id',
    permission: 'admin',
    summary: 'Take a grant back',
    params: byId,
    reply: Done,
  },
});
