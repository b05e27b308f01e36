import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { OverviewOf } from './service.ts';

export const overviewRoutes = (overview: OverviewOf): Handlers<typeof contract.overview> => ({
  get: (input, caller) => overview.get(input, caller),
});
