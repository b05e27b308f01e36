import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Evaluations } from './service.ts';

export const evaluationRoutes = (evaluations: Evaluations): Handlers<typeof contract.evaluation> => ({
  evaluate: (input, caller, signal) => evaluations.evaluate(input, caller, signal),
  get: (input, caller) => evaluations.get(input, caller),
  list: (input, caller) => evaluations.list(input, caller),
});
