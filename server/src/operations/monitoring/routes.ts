import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Monitoring } from './service.ts';

export const monitoringRoutes = (monitoring: Monitoring): Handlers<typeof contract.monitoring> => ({
  put: (input, caller) => monitoring.put(input, caller),
  list: (input, caller) => monitoring.list(input, caller),
  get: (input, caller) => monitoring.get(input, caller),
  delete: (input, caller) => monitoring.delete(input, caller),
  check: (input, caller) => monitoring.check(input, caller),
  results: (input, caller) => monitoring.results(input, caller),
});
