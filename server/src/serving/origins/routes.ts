import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Origins } from './service.ts';

export const originsRoutes = (origins: Origins): Handlers<typeof contract.predictionLineage> => ({
  get: (input, caller) => origins.ofPrediction(input, caller),
});
