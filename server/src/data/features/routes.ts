import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Features } from './service.ts';

export const featuresRoutes = (features: Features): Handlers<typeof contract.features> => ({
  put: (input, caller) => features.put(input, caller),
  list: (input, caller) => features.list(input, caller),
  get: (input, caller) => features.get(input, caller),
  preview: (input, caller, signal) => features.preview(input, caller, signal),
  materialize: (input, caller) => features.materialize(input, caller),
  lookup: (input, caller) => features.lookup(input, caller),
  createTrainingSet: (input, caller) => features.createTrainingSet(input, caller),
});
