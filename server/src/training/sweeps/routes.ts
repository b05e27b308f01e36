import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Sweeps } from './service.ts';

export const sweepsRoutes = (sweeps: Sweeps): Handlers<typeof contract.sweeps> => ({
  create: (input, caller) => sweeps.create(input, caller),
  list: (input, caller) => sweeps.list(input, caller),
  get: (input, caller) => sweeps.get(input, caller),
  cancel: (input, caller) => sweeps.cancel(input, caller),
});
