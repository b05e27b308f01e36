import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';
import type { DatabaseHandle } from './db.ts';
import { type Migration, migrate } from './migrate.ts';
import { migrations } from './migrations/migrations.ts';
import type { Database } from './schema.ts';

export interface SqliteOptions {
  /** Its folder is created; `:memory:` keeps nothing. */
  readonly file: string;
  /** `process`: a commit survives our death; `power`: the machine's too, at an fsync each. */
  readonly durability: 'process' | 'power';
  readonly migrations?: readonly Migration[];
}

/** How long a writer waits for another process's transaction before it fails. */
const busyTimeout = 5_000;
const cachedStatements = 500;

export async function openSqlite(options: SqliteOptions): Promise<DatabaseHandle> {
  if (options.file !== ':memory:') mkdirSync(dirname(options.file), { recursive: true });
  const database = new DatabaseSync(options.file, {
    timeout: busyTimeout,
    enableForeignKeyConstraints: true,
  });
  database.exec(`
    pragma journal_mode = wal;
    pragma synchronous = ${options.durability === 'power' ? 'full' : 'normal'};
    pragma cache_size = -32768;
  `);
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: shim(database) }) });
  const close = () => db.destroy();
  try {
    await migrate(db, 'sqlite', options.migrations ?? migrations);
  } catch (error) {
    await close();
    throw error;
  }
  return { kind: 'sqlite', db, close };
}

/** What Kysely's dialect for better-sqlite3 needs, over node:sqlite. */
function shim(database: DatabaseSync): SqliteDatabase {
  const cache = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(sql) {
      if (sql === 'rollback' && !database.isTransaction) return alreadyRolledBack;
      const statement = cache.get(sql) ?? toStatement(database, sql);
      cache.delete(sql);
      cache.set(sql, statement);
      const oldest = cache.size > cachedStatements ? cache.keys().next().value : undefined;
      if (oldest !== undefined) cache.delete(oldest);
      return statement;
    },
  };
}

function toStatement(database: DatabaseSync, sql: string): SqliteStatement {
  // A deferred `begin` that reads first and writes later fails at once when another process wrote in between.
  const prepare = () => database.prepare(sql === 'begin' ? 'begin immediate' : sql);
  const statement: StatementSync = prepare();
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...toValues(parameters)),
    run: (parameters) => statement.run(...toValues(parameters)),
    // Two open iterators over one statement would disturb each other.
    iterate: (parameters) => prepare().iterate(...toValues(parameters)),
  };
}

/** SQLite gives up some transactions by itself (a full disk); a failing `rollback` would hide the reason. */
const alreadyRolledBack: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [][Symbol.iterator](),
};

function toValues(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value)) as SQLInputValue[];
}
