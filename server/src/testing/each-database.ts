import { join } from 'node:path';
import pg from 'pg';
import { afterAll, describe } from 'vitest';
import type { DatabaseHandle } from '../adapters/db/db.ts';
import { openPostgres } from '../adapters/db/postgres.ts';
import { openSqlite } from '../adapters/db/sqlite.ts';
import { type BorrowedSchema, borrowSchema, copyMigrated } from './migrated-databases.ts';
import { createTempDir } from './temp-dir.ts';

/** Opens the suite's database: the same one at each call, each time with its own connections. */
export type OpenDatabase = () => Promise<DatabaseHandle>;

export const postgresUrl =
  process.env.TIDEMILL_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres';

/**
 * Runs a suite once per kind of database. What `open` gave is closed after the suite; the SQLite file is the suite's own
 * and vanishes with it, the PostgreSQL schema is its own until then (`migrated-databases.ts`). Without a PostgreSQL that half is skipped, aloud.
 */
export function describeEachDatabase(name: string, suite: (open: OpenDatabase) => void): void {
  describe(`${name} [sqlite]`, () => suite(sqliteForSuite()));
  describe.skipIf(!isPostgresThere)(`${name} [postgres]`, () => suite(postgresForSuite()));
}

export const isPostgresThere = await findPostgres();

/** Once per test process: TIDEMILL_TEST_POSTGRES='' says no. */
async function findPostgres(): Promise<boolean> {
  if (postgresUrl === '') return false;
  const client = new pg.Client({ connectionString: postgresUrl, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    console.warn(
      `SKIPPED on PostgreSQL: ${postgresUrl} does not answer (${reason}). Set TIDEMILL_TEST_POSTGRES.`,
    );
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function sqliteForSuite(): OpenDatabase {
  let folder: ReturnType<typeof createTempDir> | undefined;
  let copied: Promise<void> | undefined;
  return openAndClose(
    async () => {
      folder ??= createTempDir();
      const file = join((await folder).path, 'tidemill.db');
      copied ??= copyMigrated(file);
      await copied;
      return openSqlite({ file, durability: 'process' });
    },
    async () => (await folder)?.remove(),
  );
}

function postgresForSuite(): OpenDatabase {
  let schema: Promise<BorrowedSchema> | undefined;
  return openAndClose(
    async () => {
      schema ??= borrowSchema(postgresUrl);
      return openPostgres({ url: postgresUrl, schema: (await schema).name, connections: 4 });
    },
    async () => (await schema)?.giveBack(),
  );
}

function openAndClose(open: OpenDatabase, remove: () => Promise<void>): OpenDatabase {
  const handles: DatabaseHandle[] = [];
  afterAll(async () => {
    await Promise.all(handles.map((handle) => handle.close()));
    await remove();
  });
  return async () => {
    const handle = await open();
    handles.push(handle);
    return handle;
  };
}
