import type { contract } from '@tidemill/contract';
import { formatReference } from '../../base/references.ts';
import type { Handlers } from '../../http/bind.ts';
import type { Governance } from './service.ts';

export const governanceRoutes = (governance: Governance): Handlers<typeof contract.governance> => ({
  putGate: (input, caller) => governance.putGate(input, caller),
  getGate: (input, caller) => governance.getGate(input, caller),
  check: (input, caller) => governance.check(input, caller),
  listChecks: (input, caller) => governance.listChecks(input, caller),
  approve: (input, caller) => governance.approve(input, caller),
  approveFor: (input, caller) => governance.approveFor(input, caller),
  listEnvironments: (input, caller) => governance.listEnvironments(input, caller),
  refuse: ({ name, version, reason }, caller) =>
    governance.refuse(formatReference(name, version), reason, null, caller),
  listApprovals: (input, caller) => governance.listApprovals(input, caller),
  getPromotion: (input, caller) => governance.getPromotion(input, caller),
  listPromotions: (input, caller) => governance.listPromotions(input, caller),
  exportBundle: (input, caller) => governance.exportBundle(input, caller),
  reproduce: (input, _caller, signal) => governance.reproduce(input, signal),
});
