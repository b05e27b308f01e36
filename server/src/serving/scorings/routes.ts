import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Scorings } from './service.ts';

export const scoringsRoutes = (scorings: Scorings): Handlers<typeof contract.scorings> => ({
  create: (input, caller) => scorings.create(input, caller),
  get: (input, caller) => scorings.get(input, caller),
  list: (input, caller) => scorings.list(input, caller),
  cancel: (input, caller) => scorings.cancel(input, caller),
});
