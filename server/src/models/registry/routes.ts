import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Registry } from './service.ts';

export const registryRoutes = (registry: Registry): Handlers<typeof contract.registry> => ({
  register: (input, caller) => registry.register(input, caller),
  list: (input, caller) => registry.list(input, caller),
  get: (input, caller) => registry.get(input, caller),
  listVersions: (input, caller) => registry.listVersions(input, caller),
  getVersion: (input, caller) => registry.getVersion(input, caller),
  setAlias: (input, caller) => registry.setAlias(input, caller),
  deleteAlias: (input, caller) => registry.deleteAlias(input, caller),
  getFile: (input, caller) => registry.getFile(input, caller),
});
