import type { RolloutsTables } from './tables/rollouts.ts';
import type { PredictionsTables } from './tables/predictions.ts';
import type { EndpointsTables } from './tables/endpoints.ts';
import type { AccessTables } from './tables/access.ts';
import type { ExperimentsTables } from './tables/experiments.ts';
import type { PlatformTables } from './tables/platform.ts';

/** Every table of the metadata database. A domain adds `tables/<domain>.ts` and its name to this list. */
export interface Database extends PlatformTables, AccessTables, ExperimentsTables, EndpointsTables, PredictionsTables, RolloutsTables {}
