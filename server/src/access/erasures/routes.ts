import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Erasures } from './service.ts';

export const erasuresRoutes = (erasures: Erasures): Handlers<typeof contract.subjects> => ({
  locate: (input, caller) => erasures.locate(input, caller),
  erase: (input, caller) => erasures.erase(input, caller),
  list: (input, caller) => erasures.list(input, caller),
  get: (input, caller) => erasures.get(input, caller),
});
