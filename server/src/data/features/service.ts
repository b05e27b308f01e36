import type { TrainingSetDefinition } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import type { OnlineStore } from '../../adapters/online/online.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import type { Events } from '../../platform/events/service.ts';
import type { Tasks } from '../../platform/tasks/service.ts';
import type { Datasets } from '../datasets/service.ts';
import { createBuilds } from './builds.ts';
import { createEntities } from './catalogue/entities.ts';
import { createFeatureServices } from './catalogue/feature-services.ts';
import { createImpact } from './catalogue/impact.ts';
import { createSearch } from './catalogue/search.ts';
import { createUses } from './catalogue/uses.ts';
import { createFeatureTrials } from './feature-trials.ts';
import { createFeatureHealth } from './health/health.ts';
import { notingPushes } from './health/push-marks.ts';
import { createOnlineLookup } from './online/lookup.ts';
import { createMaterialize } from './online/materialize.ts';
import { createPush } from './online/push.ts';
import { createRetirement } from './online/retirement.ts';
import { assertSchedule, createOnlineSchedules } from './online/schedules.ts';
import { createStreams } from './online/streams.ts';
import { createSubjectErasure } from './online/subject-erasure.ts';
import { entityKey } from './rules.ts';
import { createServicePreview } from './service-preview.ts';
import { createTrainingSets } from './training-sets.ts';
import { createViews } from './views.ts';

export { namedAggregations } from './aggregations.ts';
export type { ServiceRead } from './online/service-reads.ts';
export { createTrainingSets } from './training-sets.ts';

export interface FeaturesDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly lineage: Lineage;
  readonly clock: Clock;
  readonly analytics: Analytics;
  readonly online: OnlineStore;
  readonly datasets: Datasets;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue' | 'cancel' | 'find' | 'wake'>;
  readonly events: Pick<Events, 'on'>;
  readonly compute: Pick<Compute, 'compute'>;
  readonly tempFolder: string;
}

/** Features defined once: views over dataset versions, their online values, and the training sets made of them. */
export function createFeatures(deps: FeaturesDependencies) {
  const entities = createEntities(deps);
  const views = createViews({ ...deps, entities, retire: createRetirement(deps) });
  const services = createFeatureServices({ ...deps, views });
  const inside = { ...deps, resolveView: views.resolveView, resolveService: services.resolve };
  const trainingSets = createTrainingSets(inside);
  const builds = createBuilds(deps);
  const uses = createUses(deps.lineage);
  const materialize = createMaterialize(inside);
  createOnlineSchedules({ ...deps, views, materialize });
  const lookup = createOnlineLookup(inside);
  const streams = createStreams(deps);
  const { notePushed, forgetHealth, ...health } = createFeatureHealth({ ...inside, materialize });
  const viewOf = async (reference: string, workspace: string) =>
    (await lookup.viewRead(reference, workspace)).view;
  const push = createPush({ ...deps, viewRead: lookup.viewRead });

  /** What was just defined or deleted is so for the next look-up, too. */
  const forgetting =
    <A extends unknown[], T>(change: (...args: A) => Promise<T>) =>
    (...args: A): Promise<T> =>
      change(...args).finally(lookup.forget);

  return {
    ...views,
    /** Online values of a subject. */
    subjectHolder: createSubjectErasure({ ...deps, views }),
    entities,
    services: {
      ...services,
      put: forgetting(services.put),
      delete: forgetting(services.delete),
      deleteVersion: forgetting(services.deleteVersion),
    },
    ...materialize,
    ...lookup,
    ...health,
    push: notingPushes(push.push, viewOf, notePushed),

    put: forgetting(async (input: Parameters<typeof views.put>[0], caller: Caller) => {
      assertSchedule(`feature view '${input.name}'`, input.online?.materialize?.schedule);
      await streams.ensureDataset(input, caller);
      return views.put(input, caller);
    }),
    delete: forgetting(async (input: { name: string }, caller: Caller) => {
      const reply = await views.delete(input, caller);
      await forgetHealth(caller.workspace, input.name);
      return reply;
    }),
    deleteVersion: forgetting(async (input: { name: string; version: string }, caller: Caller) => {
      const { version } = await views.get(input, caller);
      const reply = await views.deleteVersion(input, caller);
      await forgetHealth(caller.workspace, input.name, version);
      return reply;
    }),
    ...createSearch(deps),
    ...createServicePreview({ services, trainingSets, resolveView: views.resolveView }),
    ...createImpact({ views, uses, resolveService: services.resolve }),
    usesOf: uses.usesOf,
    ...createFeatureTrials({ ...inside, services }),
    entityKey,

    createTrainingSet: (definition: TrainingSetDefinition, caller: Caller, signal?: AbortSignal) =>
      builds.track(definition.name, caller, signal, (tell, either) =>
        trainingSets.create(definition, caller, either, tell),
      ),
    listTrainingSetBuilds: builds.list,
    cancelTrainingSetBuild: builds.cancel,
  };
}

export type Features = ReturnType<typeof createFeatures>;
