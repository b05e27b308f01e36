import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Sources } from './service.ts';

export const sourcesRoutes = (sources: Sources): Handlers<typeof contract.sources> => ({
  create: (input, caller) => sources.create(input, caller),
  list: (input, caller) => sources.list(input, caller),
  get: (input, caller) => sources.get(input, caller),
  update: (input, caller) => sources.update(input, caller),
  delete: (input, caller) => sources.delete(input, caller),
  test: (input, caller) => sources.test(input, caller),
  pull: (input, caller) => sources.pull(input, caller),
  listPulls: (input, caller) => sources.listPulls(input, caller),
  getPull: (input, caller) => sources.getPull(input, caller),
  cancelPull: (input, caller) => sources.cancelPull(input, caller),
});
