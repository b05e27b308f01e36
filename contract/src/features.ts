import { featureHealthEndpoints } from './feature-health.ts';
import { featureSearchEndpoints } from './feature-search.ts';
import { featureViewEndpoints } from './feature-views.ts';
import { onlineFeatureEndpoints } from './online-features.ts';
import { trainingSetEndpoints } from './training-sets.ts';

/** Feature views as they are defined, what is online of them, and the training sets made of them. */
export const featuresEndpoints = {
  ...featureViewEndpoints,
  ...featureSearchEndpoints,
  ...onlineFeatureEndpoints,
  ...featureHealthEndpoints,
  ...trainingSetEndpoints,
} as const;
