import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, sql } from 'kysely';
import { errors } from '../../base/errors.ts';
import { checkpointInBackground } from './checkpoints.ts';
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
  const { file } = options;
  const checkpoints =
    file === ':memory:' ? null : checkpointInBackground({ file, synchronous: synchronousOf(options) });
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= (checkpoints?.close() ?? Promise.resolve()).then(() => db.destroy());
    return closing;
  };
  try {
    await migrate(db, 'sqlite', options.migrations ?? migrations);
  } catch (error) {
    await close();
    throw error;
  }
  return { kind: 'sqlite', db, scrub: () => emptyLog(db), close };
}

const synchronousOf = ({ durability }: SqliteOptions): string => (durability === 'power' ? 'full' : 'normal');

/** Deleted rows are zeros in the file, but the log still has the pages that they were on. */
async function emptyLog(db: Kysely<Database>): Promise<boolean> {
  const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(db);
  return rows[0]?.busy === 0;
}

function openFile(options: SqliteOptions): DatabaseSync {
  const { file } = options;
  let database: DatabaseSync | undefined;
  try {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
    database = new DatabaseSync(file, { timeout: 1_000, enableForeignKeyConstraints: true });
    // From here on the dialect waits for other processes, without blocking this one.
    database.exec(`
      pragma journal_mode = wal;
      pragma synchronous = ${synchronousOf(options)};
      pragma cache_size = -32768;
      pragma wal_autocheckpoint = 16000;
      pragma busy_timeout = 0;
      pragma secure_delete = on;
    `);
    return database;
  } catch (error) {
    database?.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw errors.dataFileUnreadable({ file, reason }, error);
  }
}
