import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { errors } from '../../base/errors.ts';
import type { DatabaseHandle } from './db.ts';
import { type Migration, migrate } from './migrate.ts';
import { migrations } from './migrations/migrations.ts';
import type { Database } from './schema.ts';
import { nodeSqliteDialect } from './sqlite-dialect.ts';

export interface SqliteOptions {
  /** Its folder is created; `:memory:` keeps nothing. */
  readonly file: string;
  /** `process`: a commit survives our death; `power`: the machine's too, at an fsync each. */
  readonly durability: 'process' | 'power';
  readonly migrations?: readonly Migration[];
}

export async function openSqlite(options: SqliteOptions): Promise<DatabaseHandle> {
  const db = new Kysely<Database>({ dialect: nodeSqliteDialect(openFile(options)) });
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= db.destroy();
    return closing;
  };
  try {
    await migrate(db, 'sqlite', options.migrations ?? migrations);
  } catch (error) {
    await close();
    throw error;
  }
  return { kind: 'sqlite', db, close };
}

function openFile({ file, durability }: SqliteOptions): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
    database = new DatabaseSync(file, { timeout: 1_000, enableForeignKeyConstraints: true });
    // From here on the dialect waits for other processes, without blocking this one.
    database.exec(`
      pragma journal_mode = wal;
      pragma synchronous = ${durability === 'power' ? 'full' : 'normal'};
      pragma cache_size = -32768;
      pragma wal_autocheckpoint = 4000;
      pragma busy_timeout = 0;
    `);
    return database;
  } catch (error) {
    database?.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw errors.dataFileUnreadable({ file, reason }, error);
  }
}
