import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Registry } from '../registry/service.ts';
import type { Governance } from './service.ts';

export const lifecycleRoutes = (
  governance: Governance,
  registry: Registry,
): Handlers<typeof contract.lifecycle> => ({
  transition: (input, caller) => governance.transition(input, caller),
  async listTransitions(input, caller) {
    const version = await registry.getVersion(input, caller);
    return { items: await registry.lifecycle.listTransitions(version, caller.workspace), nextCursor: null };
  },
  revertAlias: (input, caller) => governance.revertAlias(input, caller),
  listAliasMoves: async (input, caller) => ({
    items: await registry.listAliasMoves(input, caller.workspace),
    nextCursor: null,
  }),
});
