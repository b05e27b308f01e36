import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Analyses } from './service.ts';

export const analysesRoutes = (analyses: Analyses): Handlers<typeof contract.analyses> => ({
  query: (input, caller, signal) => analyses.query(input, caller, signal),
  put: (input, caller, signal) => analyses.put(input, caller, signal),
  list: (input, caller) => analyses.list(input, caller),
  get: (input, caller) => analyses.get(input, caller),
  run: (input, caller, signal) => analyses.run(input, caller, signal),
  delete: (input, caller) => analyses.delete(input, caller),
});
