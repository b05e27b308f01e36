/**
 * A commit to be killed: works on a data folder as the server does, says so when it has come to a stage, and goes no
 * further. `node halting-commit.ts FOLDER STAGE FILE.csv`
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createChanges } from '../access/audit/service.ts';
import { createLineage } from '../access/lineage/service.ts';
import type { Analytics } from '../adapters/analytics/analytics.ts';
import { openDuckdb } from '../adapters/analytics/duckdb.ts';
import type { Blobs } from '../adapters/blobs/blobs.ts';
import { openFilesystemBlobs } from '../adapters/blobs/filesystem.ts';
import { openSqlite } from '../adapters/db/sqlite.ts';
import { systemClock } from '../base/clock.ts';
import { createLogger } from '../base/logger.ts';
import { createDatasets } from '../data/datasets/service.ts';
import { createEvents } from '../platform/events/service.ts';

/** In their order. Between two of them lies what a crash may cut in half. */
export const stages = [
  'receiving',
  'received',
  'typed',
  'digested',
  'aligned',
  'packed',
  'proved',
  'half of the chunks stored',
  'chunks stored',
  'manifest stored',
  'written in the transaction',
  'committed',
] as const;
export type Stage = (typeof stages)[number];

/** The data wing on a folder laid out as the server's; `reach` is told each stage and may never return. */
export async function openDataFolder(
  folder: string,
  reach: (stage: Stage) => Promise<void> = async () => {},
) {
  const database = await openSqlite({ file: join(folder, 'tidemill.db'), durability: 'process' });
  const { db } = database;
  const clock = systemClock;
  const duckdb = await openDuckdb();
  const files = await openFilesystemBlobs({ root: join(folder, 'blobs') });
  const changes = createChanges({
    db,
    clock,
    events: createEvents({ db, clock, logger: createLogger('silent') }),
  });
  const graph = createLineage({ db, clock });
  const before = <I extends unknown[], R>(stage: Stage, work: (...input: I) => Promise<R>) => {
    return async (...input: I): Promise<R> => {
      await reach(stage);
      return work(...input);
    };
  };
  const analytics: Analytics = {
    ...duckdb,
    importFile: before('received', duckdb.importFile),
    digestFile: before('typed', duckdb.digestFile),
    alignFile: before('digested', duckdb.alignFile),
    gatherRows: before('aligned', duckdb.gatherRows),
    countEqual: before('packed', duckdb.countEqual),
  };
  let stored = 0;
  const blobs: Blobs = {
    ...files,
    async putFile(path, options) {
      await reach(stored === 0 ? 'proved' : 'half of the chunks stored');
      stored += 1;
      return files.putFile(path, options);
    },
    async put(content) {
      await reach('chunks stored');
      const blob = await files.put(content);
      await reach('manifest stored');
      return blob;
    },
  };
  const lineage = { ...graph, recordNode: before('written in the transaction', graph.recordNode) };
  const datasets = createDatasets({
    ...{ db, changes, lineage, clock, blobs, analytics },
    tempFolder: join(folder, 'tmp'),
    cacheFolder: join(folder, 'cache', 'rows'),
    diffFolder: join(folder, 'cache', 'diffs'),
  });
  return {
    datasets,
    blobs: files,
    async close(): Promise<void> {
      await duckdb.close();
      await database.close();
    },
  };
}

async function* half(path: string, reach: (stage: Stage) => Promise<void>): AsyncGenerator<Uint8Array> {
  for await (const part of createReadStream(path, { highWaterMark: 1 << 17 })) {
    yield part;
    await reach('receiving');
  }
}

async function commitUntil(folder: string, last: string, path: string): Promise<void> {
  const reach = async (stage: Stage): Promise<void> => {
    if (stage !== last) return;
    process.stdout.write(`${stage}\n`);
    // Something must keep the process from ending by itself.
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  };
  const { datasets } = await openDataFolder(folder, reach);
  const caller = { actor: 'user:tester', role: 'admin', workspace: 'default' } as const;
  await datasets.commit({ name: 'prices', format: 'csv', content: half(path, reach) }, caller);
  await reach('committed');
}

if (process.argv[1]?.endsWith('halting-commit.ts')) {
  const [folder = '', stage = '', path = ''] = process.argv.slice(2);
  await commitUntil(folder, stage, path);
}
