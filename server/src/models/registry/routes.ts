import type { contract, Input, ModelStage, ModelVersion } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import type { Handlers } from '../../http/bind.ts';
import type { Registry } from './service.ts';

/** Setting an alias that follows an endpoint asks for a promotion, which is governance's to judge. */
export interface AliasGuard {
  setAlias(input: Input<typeof contract.registry.setAlias>, caller: Caller): Promise<void>;
  /** What a stage stands for is for the gate and approvers to say. */
  askForStage(version: ModelVersion, stage: ModelStage, caller: Caller): Promise<void>;
}

export const registryRoutes = (
  registry: Registry,
  guard: AliasGuard,
): Handlers<typeof contract.registry> => ({
  register: (input, caller) => registry.register(input, caller),
  registerTrial: (input, caller) => registry.registerTrial(input, caller),
  list: (input, caller) => registry.list(input, caller),
  create: (input, caller) => registry.create(input, caller),
  get: (input, caller) => registry.get(input, caller),
  update: (input, caller) => registry.update(input, caller),
  rename: (input, caller) => registry.rename(input, caller),
  delete: (input, caller) => registry.delete(input, caller),
  setTag: (input, caller) => registry.setTag(input, caller),
  deleteTag: (input, caller) => registry.deleteTag(input, caller),
  searchVersions: (input, caller) => registry.searchVersions(input, caller),
  listVersions: (input, caller) => registry.listVersions(input, caller),
  getVersion: (input, caller) => registry.getVersion(input, caller),
  updateVersion: (input, caller) => registry.updateVersion(input, caller),
  deleteVersion: (input, caller) => registry.deleteVersion(input, caller),
  async setStage(input, caller) {
    await guard.askForStage(await registry.setStage(input, caller), input.stage, caller);
    return registry.getVersion(input, caller);
  },
  setVersionTag: (input, caller) => registry.setVersionTag(input, caller),
  deleteVersionTag: (input, caller) => registry.deleteVersionTag(input, caller),
  async setAlias(input, caller) {
    await guard.setAlias(input, caller);
    return registry.get(input, caller);
  },
  deleteAlias: (input, caller) => registry.deleteAlias(input, caller),
  getFile: (input, caller) => registry.getFile(input, caller),
});
