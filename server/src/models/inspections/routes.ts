import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Inspections } from './service.ts';

export const inspectionsRoutes = (inspections: Inspections): Handlers<typeof contract.inspections> => ({
  get: (input, caller, signal) => inspections.get(input, caller, signal),
});
