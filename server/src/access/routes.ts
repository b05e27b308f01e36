import type { contract } from '@tidemill/contract';
import type { Handlers } from '../http/bind.ts';
import type { Audit } from './audit/service.ts';
import type { Auth } from './auth/service.ts';
import type { Comments } from './comments/service.ts';
import type { Lineage } from './lineage/service.ts';
import type { Owners } from './owners/service.ts';

export const accessRoutes = (auth: Auth, lineage: Lineage): Handlers<typeof contract.access> => ({
  whoami: (_input, caller) => auth.whoami(caller),
  createUser: (input, caller) => auth.createUser(input, caller),
  listUsers: (input, caller) => auth.listUsers(input, caller),
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
