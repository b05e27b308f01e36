import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Endpoints } from './service.ts';

export const endpointsRoutes = (endpoints: Endpoints): Handlers<typeof contract.endpoints> => ({
  put: (input, caller) => endpoints.put(input, caller),
  list: (input, caller) => endpoints.list(input, caller),
  get: (input, caller) => endpoints.get(input, caller),
  listRevisions: (input, caller) => endpoints.listRevisions(input, caller),
  stats: (input, caller) => endpoints.stats(input, caller),
  listStats: (input, caller) => endpoints.listStats(input, caller),
  predict: (input, caller, _signal, exchange) =>
    endpoints.predict(input, caller, { patience: exchange.patience() }),
  getOpenApi: (input, caller) => endpoints.getOpenApi(input, caller),
  getClient: (input, caller) => endpoints.getClient(input, caller),
  rollback: (input, caller) => endpoints.rollback(input, caller),
  forceFallback: (input, caller) => endpoints.forceFallback(input, caller),
  delete: (input, caller) => endpoints.delete(input, caller),
});
