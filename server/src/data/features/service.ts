import type { TrainingSetDefinition } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { OnlineStore } from '../../adapters/online/online.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import type { Datasets } from '../datasets/service.ts';
import { createEntities } from './catalogue/entities.ts';
import { createFeatureServices } from './catalogue/feature-services.ts';
import { createImpact } from './catalogue/impact.ts';
import { createSearch } from './catalogue/search.ts';
import { createUses } from './catalogue/uses.ts';
import { createMaterialize } from './materialize.ts';
import { createOnlineLookup } from './online-lookup.ts';
import { entityKey } from './rules.ts';
import { createTrainingSets } from './training-sets.ts';
import { createViews } from './views.ts';

export { createTrainingSets } from './training-sets.ts';

export interface FeaturesDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly lineage: Lineage;
  readonly clock: Clock;
  readonly analytics: Analytics;
  readonly online: OnlineStore;
  readonly datasets: Datasets;
  readonly tempFolder: string;
}

/** Features defined once: views over dataset versions, their online values, and the training sets made of them. */
export function createFeatures(deps: FeaturesDependencies) {
  const entities = createEntities(deps);
  const views = createViews({ ...deps, entities });
  const services = createFeatureServices({ ...deps, views });
  const inside = { ...deps, resolveView: views.resolveView, resolveService: services.resolve };
  const trainingSets = createTrainingSets(inside);
  const uses = createUses(deps.lineage);

  return {
    ...views,
    entities,
    services,
    ...createMaterialize(inside),
    ...createOnlineLookup(inside),
    ...createSearch(deps),
    ...createImpact({ views, uses, resolveService: services.resolve }),
    usesOf: uses.usesOf,
    entityKey,

    createTrainingSet: (definition: TrainingSetDefinition, caller: Caller) =>
      trainingSets.create(definition, caller),
  };
}

export type Features = ReturnType<typeof createFeatures>;
