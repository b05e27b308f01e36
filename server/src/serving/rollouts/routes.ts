import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Rollouts } from './service.ts';

export const rolloutsRoutes = (rollouts: Rollouts): Handlers<typeof contract.rollouts> => ({
  start: (input, caller) => rollouts.start(input, caller),
  list: (input, caller) => rollouts.list(input, caller),
  get: (input, caller) => rollouts.get(input, caller),
  promote: (input, caller) => rollouts.promote(input, caller),
  rollBack: (input, caller) => rollouts.rollBack(input, caller),
});
