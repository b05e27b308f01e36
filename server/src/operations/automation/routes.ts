import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Automation } from './service.ts';

export const systemRoutes = (automation: Automation): Handlers<typeof contract.system> => ({
  status: () => automation.status(),
  pause: (input, caller) => automation.pause(input, caller),
  resume: (_input, caller) => automation.resume(caller),
  events: (input, caller, signal) => automation.stream(input, caller, signal),
});
