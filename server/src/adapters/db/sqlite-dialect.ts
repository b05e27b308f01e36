/** Kysely over node:sqlite: one connection, one user of it at a time, and never a blocked event loop. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { errors } from '../../base/errors.ts';
import { EachRow } from './each-row.ts';
import { assertOutsideTransaction } from './transaction-scope.ts';

/** How long a writer waits for another process's transaction before it fails. */
const busyTimeout = 5_000;
const busyPause = 10;
const cachedStatements = 500;

/** Turns are taken in the driver, which sees who asks; Kysely's own would let a mistaken asker wait for itself. */
class Adapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

export function nodeSqliteDialect(database: DatabaseSync): Dialect {
  const adapter = new Adapter();
  return {
    createAdapter: () => adapter,
    createDriver: () => nodeSqliteDriver(database, adapter),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

function nodeSqliteDriver(database: DatabaseSync, adapter: Adapter): Driver {
  const connection = new NodeSqliteConnection(database);
  const turns = new Turns();
  const run = async (sql: string) => {
    await connection.executeQuery(CompiledQuery.raw(sql));
  };
  return {
    init: async () => {},
    async acquireConnection() {
      assertOutsideTransaction(adapter);
      await turns.take();
      return connection;
    },
    // A deferred `begin` that reads first and writes later fails when another process wrote in between.
    beginTransaction: () => run('begin immediate'),
    commitTransaction: () => run('commit'),
    async rollbackTransaction() {
      // SQLite gives up some transactions by itself (a full disk); a failing rollback would hide the reason.
      if (database.isTransaction) await run('rollback');
    },
    releaseConnection: async () => turns.give(),
    async destroy() {
      await turns.take();
      database.close();
      turns.give();
    },
  };
}

/** First come, first served. */
class Turns {
  #last: Promise<void> = Promise.resolve();
  #give: () => void = () => {};

  async take(): Promise<void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    this.#give = resolve;
  }

  give(): void {
    this.#give();
  }
}

interface CachedStatement {
  readonly statement: StatementSync;
  readonly isReader: boolean;
}

class NodeSqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #cache = new Map<string, CachedStatement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const [first] = parameters;
    const run =
      first instanceof EachRow ? () => this.#runEach<R>(sql, first) : this.#once<R>(sql, parameters);
    const started = performance.now();
    for (;;) {
      try {
        return run();
      } catch (error) {
        // Inside a transaction the lock is ours, so a busy statement there is not one that waiting would help.
        if (!isBusy(error) || this.#database.isTransaction) throw error;
        if (performance.now() - started > busyTimeout)
          throw errors.databaseBusy({ seconds: busyTimeout / 1000 }, error);
      }
      await sleep(busyPause);
    }
  }

  async *streamQuery<R>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    // Not from the cache: two open iterators over one statement would disturb each other.
    for (const row of this.#database.prepare(sql).iterate(...toValues(parameters)))
      yield { rows: [row as R] };
  }

  #once<R>(sql: string, parameters: readonly unknown[]): () => QueryResult<R> {
    const values = toValues(parameters);
    return () => {
      const { statement, isReader } = this.#prepare(sql);
      if (isReader) return { rows: statement.all(...values) as R[] };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    };
  }

  #runEach<R>(sql: string, { rows }: EachRow): QueryResult<R> {
    const { statement, isReader } = this.#prepare(sql);
    const found: R[] = [];
    for (const row of rows) {
      const values = row as readonly SQLInputValue[];
      if (isReader) for (const one of statement.all(...values)) found.push(one as R);
      else statement.run(...values);
    }
    return { rows: found };
  }

  #prepare(sql: string): CachedStatement {
    const found = this.#cache.get(sql) ?? this.#toCached(sql);
    this.#cache.delete(sql);
    this.#cache.set(sql, found);
    const oldest = this.#cache.size > cachedStatements ? this.#cache.keys().next().value : undefined;
    if (oldest !== undefined) this.#cache.delete(oldest);
    return found;
  }

  #toCached(sql: string): CachedStatement {
    const statement = this.#database.prepare(sql);
    return { statement, isReader: statement.columns().length > 0 };
  }
}

function toValues(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value)) as SQLInputValue[];
}

/** SQLITE_BUSY and its extended forms. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5;
}
