import type { contract } from '@tidemill/contract';
import type { Handlers } from '../http/bind.ts';
import type { Audit } from './audit/service.ts';
import type { Auth } from './auth/service.ts';
import type { Comments } from './comments/service.ts';
import type { Grants } from './grants/service.ts';
import type { Lineage } from './lineage/service.ts';
import type { Owners } from './owners/service.ts';
import type { Account } from './users/account.ts';
import type { Users } from './users/service.ts';

export const accessRoutes = (auth: Auth, lineage: Lineage): Handlers<typeof contract.access> => ({
  whoami: (_input, caller) => auth.whoami(caller),
  createToken: (input, caller) => auth.createToken(input, caller),
  listTokens: (input, caller) => auth.listTokens(input, caller),
  revokeToken: (input, caller) => auth.revokeToken(input, caller),
  impact: (input, caller) => lineage.impact(input, caller),
  lineage: (input, caller) => lineage.lineage(input, caller),
});

export const auditRoutes = (audit: Audit): Handlers<typeof contract.audit> => ({
  list: (input, caller) => audit.list(input, caller),
  verify: (input, caller) => audit.verify(input, caller),
  export: (input, caller) => audit.export(input, caller),
});

export const commentsRoutes = (comments: Comments): Handlers<typeof contract.comments> => ({
  list: (input, caller) => comments.list(input, caller),
  create: (input, caller) => comments.create(input, caller),
  update: (input, caller) => comments.update(input, caller),
  delete: (input, caller) => comments.delete(input, caller),
});

export const ownersRoutes = (owners: Owners): Handlers<typeof contract.owners> => ({
  list: (input, caller) => owners.list(input, caller),
  get: (input, caller) => owners.get(input, caller),
  put: (input, caller) => owners.put(input, caller),
});

export const accountRoutes = (account: Account, auth: Auth): Handlers<typeof contract.account> => ({
  login: async (input, _caller, _signal, exchange) => auth.whoamiOf(await account.login(input, exchange)),
  acceptInvitation: async (input, _caller, _signal, exchange) =>
    auth.whoamiOf(await account.acceptInvitation(input, exchange)),
  logout: (_input, caller, _signal, exchange) => account.logout(caller, exchange),
  get: (_input, caller) => account.get(caller),
  changePassword: (input, caller, _signal, exchange) => account.changePassword(input, caller, exchange),
  listSessions: (input, caller) => account.listSessions(input, caller),
  endSession: (input, caller) => account.endSession(input, caller),
});

export const usersRoutes = (users: Users): Handlers<typeof contract.users> => ({
  create: (input, caller) => users.create(input, caller),
  list: (input, caller) => users.list(input, caller),
  get: (input, caller) => users.get(input, caller),
  update: (input, caller) => users.update(input, caller),
  delete: (input, caller) => users.delete(input, caller),
  setPassword: (input, caller) => users.setPassword(input, caller),
  invite: (input, caller) => users.invite(input, caller),
  listSessions: (input, caller) => users.listSessions(input, caller),
  endSessions: (input, caller) => users.endSessions(input, caller),
});

export const groupsRoutes = ({ groups }: Grants): Handlers<typeof contract.groups> => ({
  create: (input, caller) => groups.create(input, caller),
  list: (input, caller) => groups.list(input, caller),
  get: (input, caller) => groups.get(input, caller),
  delete: (input, caller) => groups.delete(input, caller),
  addMember: (input, caller) => groups.addMember(input, caller),
  removeMember: (input, caller) => groups.removeMember(input, caller),
});

export const grantsRoutes = (grants: Grants): Handlers<typeof contract.grants> => ({
  add: (input, caller) => grants.add(input, caller),
  list: (input, caller) => grants.list(input, caller),
  remove: (input, caller) => grants.remove(input, caller),
});
