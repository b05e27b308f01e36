import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../../http/bind.ts';
import type { Studies } from './service.ts';

export const studyRoutes = (studies: Studies): Handlers<typeof contract.studies> => ({
  create: (input, caller) => studies.create(input, caller),
  get: (input, caller) => studies.get(input, caller),
  list: (input, caller) => studies.list(input, caller),
  cancel: (input, caller) => studies.cancel(input, caller),
});
