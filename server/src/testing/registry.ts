import { createChanges } from '../access/audit/service.ts';
import type { ArtifactFolder } from '../adapters/artifact-folder/artifact-folder.ts';
import type { DatabaseHandle } from '../adapters/db/db.ts';
import { errors } from '../base/errors.ts';
import { createLogger } from '../base/logger.ts';
import { createRegistry, type RegistryDependencies } from '../models/registry/service.ts';
import { createEvents } from '../platform/events/service.ts';
import { parseMLmodel } from '../training/learners/mlflow-model.ts';
import { createTestExperiments } from './experiments.ts';

/** For registries in whose tests no sweep ends. */
export const noSweeps: RegistryDependencies['sweeps'] = {
  findModel: async ({ id }) => {
    throw errors.sweepNotFound({ id });
  },
  recordModel: async () => undefined,
};

/** For registries in whose tests no run reads a dataset. */
export const noDatasets: RegistryDependencies['datasets'] = {
  resolve: async (reference) => {
    throw errors.datasetVersionNotFound({ reference, known: 'There are none' });
  },
};

/** A registry over real runs with real files, without the wings above it. */
export async function createTestRegistry(
  database: DatabaseHandle,
  artifactFolder: ArtifactFolder | null = null,
  sweeps = noSweeps,
) {
  const own = await createTestExperiments(database, artifactFolder);
  const { db } = database;
  const { blobs, clock, lineage, experiments } = own;
  const logger = createLogger('silent');
  const events = createEvents({ db, clock, logger });
  const changes = createChanges({ db, clock, events });
  const registry = createRegistry({
    ...{ db, blobs, changes, lineage, events, clock, logger, experiments, parseMLmodel },
    renamed: async () => undefined,
    assertMayEnter: async () => undefined,
    datasets: noDatasets,
    rangesOf: async () => ({}),
    sweeps,
  });
  return { ...own, db, changes, events, registry };
}

export type TestRegistry = Awaited<ReturnType<typeof createTestRegistry>>;
