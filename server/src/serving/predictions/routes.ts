import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Predictions } from './service.ts';

export const predictionsRoutes = (predictions: Predictions): Handlers<typeof contract.predictions> => ({
  list: (input, caller) => predictions.list(input, caller),
  logStatus: (input, caller) => predictions.logStatus(input, caller),
  putLog: (input, caller) => predictions.putLog(input, caller),
  usage: (input, caller) => predictions.usage(input, caller),
  get: (input, caller) => predictions.show(input, caller),
  recordOutcomes: (input, caller) => predictions.recordOutcomes(input, caller),
  performance: (input, caller) => predictions.performance(input, caller),
});
