import { join } from 'node:path';
import { createChanges } from '../access/audit/service.ts';
import { createLineage } from '../access/lineage/service.ts';
import { openDuckdb } from '../adapters/analytics/duckdb.ts';
import type { ArtifactFolder } from '../adapters/artifact-folder/artifact-folder.ts';
import { openFilesystemBlobs } from '../adapters/blobs/filesystem.ts';
import type { DatabaseHandle } from '../adapters/db/db.ts';
import { createLogger } from '../base/logger.ts';
import { createDatasets } from '../data/datasets/service.ts';
import { createEvents } from '../platform/events/service.ts';
import { createExperiments } from '../training/experiments/service.ts';
import { createTempDir } from './temp-dir.ts';

/** Experiments on real adapters, without the wings above them. Its clock moves by one at each look. */
export async function createTestExperiments(
  { db }: DatabaseHandle,
  artifactFolder: ArtifactFolder | null = null,
) {
  const folder = await createTempDir();
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => (now += 1) };
  const changes = createChanges({
    db,
    clock,
    events: createEvents({ db, clock, logger: createLogger('silent') }),
  });
  const lineage = createLineage({ db, clock });
  const blobs = await openFilesystemBlobs({ root: join(folder.path, 'blobs') });
  const analytics = await openDuckdb();
  const tempFolder = join(folder.path, 'tmp');
  const cacheFolder = join(folder.path, 'cache');
  const diffFolder = join(folder.path, 'diffs');
  const datasets = createDatasets({
    ...{ db, changes, lineage, clock, blobs, analytics, tempFolder, cacheFolder, diffFolder },
  });
  const experiments = createExperiments({
    ...{ db, blobs, clock, changes, lineage, datasets },
    folder: artifactFolder,
  });
  return {
    experiments,
    datasets,
    lineage,
    blobs,
    clock,
    async close(): Promise<void> {
      await analytics.close();
      await folder.remove();
    },
  };
}

export type TestExperiments = Awaited<ReturnType<typeof createTestExperiments>>;
