import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Pipelines } from './service.ts';

export const modelTestsRoutes = (pipelines: Pipelines): Handlers<typeof contract.modelTests> => ({
  putCases: (input, caller) => pipelines.putCases(input, caller),
  getCases: (input, caller) => pipelines.getCases(input, caller),
  start: (input, caller) => pipelines.start(input, caller),
  list: (input, caller) => pipelines.list(input, caller),
  get: (input, caller) => pipelines.get(input, caller),
  cancel: (input, caller) => pipelines.cancel(input, caller),
});

export const ciRoutes = (pipelines: Pipelines): Handlers<typeof contract.ci> => ({
  record: (input, caller) => pipelines.recordCi(input, caller),
  list: (input, caller) => pipelines.listCi(input, caller),
});
