import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { GarbageCollection } from './service.ts';

export const garbageRoutes = (garbage: GarbageCollection): Handlers<typeof contract.garbage> => ({
  collect: (input, caller) => garbage.collect(input, caller),
});
