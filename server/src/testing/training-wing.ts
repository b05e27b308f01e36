import { join } from 'node:path';
import type { DatasetVersion, Job, Sweep } from '@tidemill/contract';
import { vi } from 'vitest';
import { createChanges } from '../access/audit/service.ts';
import { createJobTokens } from '../access/auth/job-tokens.ts';
import { createLineage } from '../access/lineage/service.ts';
import { openDuckdb } from '../adapters/analytics/duckdb.ts';
import type { ArtifactFolder } from '../adapters/artifact-folder/artifact-folder.ts';
import { openFilesystemBlobs } from '../adapters/blobs/filesystem.ts';
import type { DatabaseHandle } from '../adapters/db/db.ts';
import type { Compute } from '../adapters/executor/executor.ts';
import { localExecutor } from '../adapters/executor/local.ts';
import { workerPool } from '../adapters/executor/worker-pool.ts';
import { localEnvironments } from '../adapters/python-environments/local.ts';
import type { Caller } from '../base/caller.ts';
import { systemClock as clock } from '../base/clock.ts';
import { errors } from '../base/errors.ts';
import { createLogger } from '../base/logger.ts';
import { createRandom } from '../base/statistics/random.ts';
import { readBuildEnvironment, readCommandEnvironment } from '../config.ts';
import { createDatasets } from '../data/datasets/service.ts';
import { createEvents } from '../platform/events/service.ts';
import { createTasks } from '../platform/tasks/service.ts';
import { createExperiments } from '../training/experiments/service.ts';
import { createJobs } from '../training/jobs/service.ts';
import { createLearners } from '../training/learners/service.ts';
import { createSweeps } from '../training/sweeps/service.ts';
import { createTempDir } from './temp-dir.ts';

/** Training and what it stands on, working, on real adapters: no HTTP and no wing above it. */
export async function createTrainingWing(
  database: DatabaseHandle,
  change: {
    compute?: (real: Compute) => Compute;
    artifacts?: ArtifactFolder;
  } = {},
) {
  const folder = await createTempDir();
  const { db } = database;
  const logger = createLogger('silent');
  const events = createEvents({ db, clock, logger });
  const tasks = createTasks({ db, clock, logger, exclusive: true });
  const changes = createChanges({ db, clock, events });
  const lineage = createLineage({ db, clock });
  const analytics = await openDuckdb();
  const blobs = await openFilesystemBlobs({ root: join(folder.path, 'blobs') });
  const pool = workerPool({ threads: 2 });
  const compute = change.compute?.(pool) ?? pool;
  const executor = localExecutor({ graceMs: 200 });
  const tempFolder = join(folder.path, 'tmp');
  const cacheFolder = join(folder.path, 'cache');
  const diffFolder = join(folder.path, 'diffs');
  const datasets = createDatasets({
    ...{ db, changes, lineage, clock, blobs, analytics, tempFolder, cacheFolder, diffFolder },
  });
  const learners = createLearners({ analytics, compute });
  const experiments = createExperiments({
    ...{ db, blobs, clock, changes, lineage, datasets },
    folder: change.artifacts ?? null,
  });
  const training = { db, clock, changes, events, tasks, datasets, experiments, learners };
  const jobs = createJobs({
    ...training,
    ...{ analytics, blobs, lineage },
    executor,
    folder: join(folder.path, 'jobs'),
    environment: readCommandEnvironment(process.env),
    buildEnvironment: readBuildEnvironment(process.env),
    environments: localEnvironments({ folder: join(folder.path, 'environments') }),
    url: () => 'http://127.0.0.1:4600',
    tokens: createJobTokens({ db, clock, isNeeded: false }),
    capacity: { cpu: 2, memoryBytes: 2e9, gpu: 1 },
    resolveModel: async (reference) => {
      throw errors.modelNotFound({ name: reference, known: 'none' });
    },
  });
  const sweeps = createSweeps({ ...training, jobs });
  await events.start();
  await tasks.start();
  return {
    ...{ ...training, jobs, sweeps, lineage, blobs, analytics },
    folder: folder.path,
    async close(): Promise<void> {
      await tasks.stop();
      await events.stop();
      await pool.close();
      await analytics.close();
      await folder.remove();
    },
  };
}

export type TrainingWing = Awaited<ReturnType<typeof createTrainingWing>>;

/** Daily rows of `width` features; the target `y` is what trees and lines can both learn. */
export function buildTrainingCsv(rows: number, width = 3, seed = 1): string {
  const random = createRandom(seed);
  const names = Array.from({ length: width }, (_, i) => `f${i}`);
  const lines = Array.from({ length: rows }, (_, day) => {
    const date = new Date(Date.UTC(2020, 0, 1) + day * 86_400_000).toISOString().slice(0, 10);
    const values = names.map(() => random.normal());
    const y = 2 * (values[0] ?? 0) - (values[1] ?? 0) ** 2 + 0.1 * random.normal();
    return [date, ...values, y].join(',');
  });
  return `day,${names.join(',')},y\n${lines.join('\n')}\n`;
}

export const commitCsv = (
  { datasets }: Pick<TrainingWing, 'datasets'>,
  name: string,
  csv: string,
  caller: Caller,
): Promise<DatasetVersion> => datasets.commit({ name, format: 'csv', content: Buffer.from(csv) }, caller);

interface Getter<T> {
  get(input: { id: string }, caller: Caller): Promise<T>;
}

/** Polls until the job or sweep is as wished. */
export function until<T extends Job | Sweep>(
  service: Getter<T>,
  id: string,
  caller: Caller,
  isReached: (found: T) => boolean,
  timeout = 25_000,
): Promise<T> {
  const look = async () => {
    const found = await service.get({ id }, caller);
    return isReached(found) ? found : undefined;
  };
  return vi.waitUntil(look, { timeout, interval: 10 }) as Promise<T>;
}

export const isEnded = ({ state }: Job | Sweep): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled';
