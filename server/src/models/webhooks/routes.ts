import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Webhooks } from './service.ts';

export const webhooksRoutes = (webhooks: Webhooks): Handlers<typeof contract.webhooks> => ({
  create: (input, caller) => webhooks.create(input, caller),
  list: (input, caller) => webhooks.list(input, caller),
  get: (input, caller) => webhooks.get(input, caller),
  update: (input, caller) => webhooks.update(input, caller),
  delete: (input, caller) => webhooks.delete(input, caller),
  test: (input, caller) => webhooks.test(input, caller),
  listDeliveries: (input, caller) => webhooks.listDeliveries(input, caller),
});
