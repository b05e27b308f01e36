import { join } from 'node:path';
import { createChanges } from '../access/audit/service.ts';
import { createLineage } from '../access/lineage/service.ts';
import type { Analytics } from '../adapters/analytics/analytics.ts';
import { openDuckdb } from '../adapters/analytics/duckdb.ts';
import { openFilesystemBlobs } from '../adapters/blobs/filesystem.ts';
import type { DatabaseHandle } from '../adapters/db/db.ts';
import { workerPool } from '../adapters/executor/worker-pool.ts';
import type { OnlineStore } from '../adapters/online/online.ts';
import { openSqliteOnline } from '../adapters/online/sqlite.ts';
import type { Caller } from '../base/caller.ts';
import { createLogger } from '../base/logger.ts';
import { createDatasets } from '../data/datasets/service.ts';
import { createFeatures } from '../data/features/service.ts';
import { createValidation } from '../data/validation/service.ts';
import { createEvents } from '../platform/events/service.ts';
import { createTasks } from '../platform/tasks/service.ts';
import { createTempDir } from './temp-dir.ts';

/** The data wing on real adapters, without HTTP and the wings above it. */
export async function createDataWing(database: DatabaseHandle, options: { online?: OnlineStore } = {}) {
  const folder = await createTempDir();
  const { db } = database;
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => (now += 1) };
  const events = createEvents({ db, clock, logger: createLogger('silent') });
  const tasks = createTasks({ db, clock, logger: createLogger('silent'), exclusive: false });
  const changes = createChanges({ db, clock, events });
  const lineage = createLineage({ db, clock });
  const analytics: Analytics = await openDuckdb();
  const blobs = await openFilesystemBlobs({ root: join(folder.path, 'blobs') });
  const online = options.online ?? (await openSqliteOnline({ file: join(folder.path, 'online.db') }));
  const tempFolder = join(folder.path, 'tmp');
  const cacheFolder = join(folder.path, 'cache');
  const diffFolder = join(folder.path, 'diffs');
  const datasets = createDatasets({
    ...{ db, changes, lineage, clock, blobs, analytics, tempFolder, cacheFolder, diffFolder },
    checkCommit: (candidate, caller) => validation.checkCommit(candidate, caller),
    forget: (tx, workspace, name) => validation.forget(tx, workspace, name),
  });
  const compute = workerPool();
  const validation = createValidation({ db, changes, clock, analytics, compute, datasets, tempFolder });
  const features = createFeatures({
    ...{ db, changes, lineage, clock, tasks, events, analytics, compute, online, datasets, tempFolder },
  });
  await tasks.start();
  return {
    datasets,
    validation,
    features,
    analytics,
    blobs,
    online,
    changes,
    lineage,
    events,
    tasks,
    clock,
    /** Lets time pass. */
    skip: (ms: number) => (now += ms),
    db,
    folder: folder.path,
    tempFolder,
    cacheFolder,
    diffFolder,
    async close(): Promise<void> {
      await tasks.stop();
      await compute.close();
      await analytics.close();
      await online.close();
      await folder.remove();
    },
  };
}

export type DataWing = Awaited<ReturnType<typeof createDataWing>>;

/** A caller in a workspace of the test's own, so that tests of one suite do not see each other's names. */
export function callerIn(workspace: string): Caller {
  return { actor: 'user:tester', role: 'admin', workspace };
}

export async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
