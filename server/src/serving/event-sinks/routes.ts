import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { EventSinks } from './service.ts';

export const eventSinksRoutes = (sinks: EventSinks): Handlers<typeof contract.eventSinks> => ({
  put: (input, caller) => sinks.put(input, caller),
  get: (input, caller) => sinks.get(input, caller),
  delete: (input, caller) => sinks.delete(input, caller),
});
