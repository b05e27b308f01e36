/** Sources on real adapters, without HTTP and the wings above them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourcePull } from '@tidemill/contract';
import { onTestFinished } from 'vitest';
import { createAudit, createChanges } from '../access/audit/service.ts';
import { createLineage } from '../access/lineage/service.ts';
import { createSecrets } from '../access/secrets/service.ts';
import { openDuckdb } from '../adapters/analytics/duckdb.ts';
import { openFilesystemBlobs } from '../adapters/blobs/filesystem.ts';
import type { Db } from '../adapters/db/db.ts';
import { openSourceReader } from '../adapters/sources/reader.ts';
import type { SourceReader } from '../adapters/sources/sources.ts';
import type { Caller } from '../base/caller.ts';
import { createLogger } from '../base/logger.ts';
import { createDatasets } from '../data/datasets/service.ts';
import { isEnded } from '../data/sources/rules.ts';
import { createSources } from '../data/sources/service.ts';
import { createEvents } from '../platform/events/service.ts';
import { createTasks } from '../platform/tasks/service.ts';
import { createRunDir, createTempDir } from './temp-dir.ts';
import { until } from './until.ts';

let workspaces = 0;
// One for all tests of a worker: the databases know of chunks that other tests have put there.
const blobFolder = await createRunDir();
const analytics = await openDuckdb();

interface Options {
  readonly start?: boolean;
  readonly now?: { value: number };
  readonly wrap?: (reader: SourceReader) => SourceReader;
}

export async function openSources(db: Db, options: Options = {}) {
  workspaces += 1;
  const caller: Caller = { actor: 'user:anna', role: 'admin', workspace: `w${workspaces}` };
  const temp = await createTempDir();
  const root = join(temp.path, 'root');
  await mkdir(root);
  const now = options.now;
  const clock = { now: () => now?.value ?? Date.now() };
  const logger = createLogger('silent');
  const events = createEvents({ db, clock, logger });
  const changes = createChanges({ db, clock, events });
  const lineage = createLineage({ db, clock });
  const blobs = await openFilesystemBlobs({ root: blobFolder });
  const tempFolder = join(temp.path, 'tmp');
  const datasets = createDatasets({
    ...{ db, changes, lineage, clock, blobs, analytics, tempFolder },
    cacheFolder: join(temp.path, 'cache'),
    diffFolder: join(temp.path, 'diffs'),
  });
  const secrets = createSecrets({ db, clock, key: Buffer.alloc(32, 1), file: '/nonexistent' });
  const own = openSourceReader({ roots: [root], allowPrivate: true, maxBytes: 1 << 26 });
  const reader = options.wrap?.(own) ?? own;
  const boot = () => {
    const tasks = createTasks({ db, clock, logger, exclusive: true });
    const sources = createSources({
      db,
      changes,
      clock,
      tasks,
      secrets,
      analytics,
      datasets,
      reader,
      tempFolder,
    });
    return { tasks, sources };
  };
  const { tasks, sources } = boot();
  if (options.start !== false) await tasks.start();
  onTestFinished(async () => {
    await tasks.stop();
    await temp.remove();
  });
  const settled = (pull: SourcePull) =>
    until(
      () => sources.getPull({ name: pull.source, id: pull.id }, caller),
      ({ state }) => isEnded(state),
    );
  const pull = async (name: string, input: { acceptSchema?: boolean; full?: boolean } = {}) =>
    settled(await sources.pull({ name, ...input }, caller));
  const rows = async (name: string, version = 'latest') => {
    const found = await datasets.getVersion({ name, version }, caller);
    const reply = await analytics.query({
      sql: 'select * from t',
      tables: { t: await datasets.source(found) },
    });
    return reply.rows;
  };
  const write = (name: string, text: string) => writeFile(join(root, name), text);
  const create = (input: Omit<Parameters<typeof sources.create>[0], 'name'> & { name?: string }) =>
    sources.create({ name: 'prices', ...input }, caller);
  return {
    ...{ db, sources, datasets, tasks, caller, root, write, create, pull, settled, rows, boot, lineage },
    audit: createAudit({ db, clock, logger }),
  };
}
