import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Sweeps } from './service.ts';

export const sweepsRoutes = (sweeps: Sweeps): Handlers<typeof contract.sweeps> => ({
  create: (input, caller) => sweeps.create(input, caller),
  search: (input, caller) => sweeps.search(input, caller),
  changes: (input, caller) => sweeps.changes(input, caller),
  importance: (input, caller) => sweeps.importance(input, caller),
  ask: (input, caller) => sweeps.ask(input, caller),
  report: (input, caller) => sweeps.report(input, caller),
  tell: (input, caller) => sweeps.tell(input, caller),
  stop: (input, caller) => sweeps.stop(input, caller),
  resume: (input, caller) => sweeps.resume(input, caller),
  confirm: (input, caller) => sweeps.confirm(input, caller),
  list: (input, caller) => sweeps.list(input, caller),
  get: (input, caller) => sweeps.get(input, caller),
  cancel: (input, caller) => sweeps.cancel(input, caller),
});
