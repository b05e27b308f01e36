import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Retraining } from './service.ts';

export const retrainingRoutes = (retraining: Retraining): Handlers<typeof contract.retraining> => ({
  putPolicy: (input, caller) => retraining.putPolicy(input, caller),
  listPolicies: (input, caller) => retraining.listPolicies(input, caller),
  start: (input, caller) => retraining.start(input, caller),
  list: (input, caller) => retraining.list(input, caller),
  get: (input, caller) => retraining.get(input, caller),
  cancel: (input, caller) => retraining.cancel(input, caller),
});
