import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Alerts } from './service.ts';

export const alertsRoutes = (alerts: Alerts): Handlers<typeof contract.alerts> => ({
  list: (input, caller) => alerts.list(input, caller),
  get: (input, caller) => alerts.get(input, caller),
  acknowledge: (input, caller) => alerts.acknowledge(input, caller),
  resolve: (input, caller) => alerts.resolve(input, caller),
});
