import {
  type AbortableOperationOptions,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  PostgresAdapter,
  PostgresDriver,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely';
import pg from 'pg';
import { errors } from '../../base/errors.ts';
import { findConstantName } from './constant-statements.ts';
import type { DatabaseHandle, Db } from './db.ts';
import { type Migration, migrate } from './migrate.ts';
import { migrations } from './migrations/migrations.ts';
import { keepStatistics } from './postgres-statistics.ts';
import { postgresValues } from './postgres-values.ts';
import type { Database } from './schema.ts';
import { assertOutsideTransaction } from './transaction-scope.ts';

export interface PostgresOptions {
  readonly url: string;
  /** Created when missing; without it the connection's own search path decides. */
  readonly schema?: string;
  /** The most connections held at once. */
  readonly connections?: number;
  readonly migrations?: readonly Migration[];
}

export async function openPostgres(options: PostgresOptions): Promise<DatabaseHandle> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connections ?? 10,
    connectionTimeoutMillis: 10_000,
    application_name: 'tidemill',
    ...(options.schema === undefined ? {} : { options: `-c search_path=${toIdentifier(options.schema)}` }),
    types: postgresValues,
    Client: PreparingClient,
  });
  // An idle connection that the server closes is replaced at the next query; unheard, the event would end the process.
  pool.on('error', () => {});
  const db = new Kysely<Database>({ dialect: guardedDialect(pool) });
  const statistics = keepStatistics(pool);
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= statistics.close().then(() => db.destroy());
    return closing;
  };
  try {
    await assertReachable(db, options.url);
    if (options.schema !== undefined) await createSchema(db, toIdentifier(options.schema));
    await migrate(db, 'postgres', options.migrations ?? migrations);
  } catch (error) {
    await close();
    throw error;
  }
  const poolState = () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount });
  return { kind: 'postgres', db, scrub: null, pool: poolState, close };
}

/** Constant statements go by their names: parsing and planning them each time costs more than running them. */
class PreparingClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: pg declares eight overloads, and this one serves them all
  override query(config: any, values?: any, done?: any): any {
    const name = typeof config === 'string' && values ? findConstantName(config) : undefined;
    return name ? super.query({ name, text: config, values }, done) : super.query(config, values, done);
  }
}

/** Kysely's own dialect, but the outer database cannot be used inside a transaction. */
function guardedDialect(pool: pg.Pool): Dialect {
  const adapter = new PostgresAdapter();
  class GuardedDriver extends PostgresDriver {
    override async acquireConnection(options?: AbortableOperationOptions): Promise<DatabaseConnection> {
      assertOutsideTransaction(adapter);
      return super.acquireConnection(options);
    }
  }
  return {
    createAdapter: () => adapter,
    createDriver: () => new GuardedDriver({ pool }),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  };
}

async function assertReachable(db: Db, url: string): Promise<void> {
  try {
    await sql`select 1`.execute(db);
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    throw errors.databaseUnreachable({ where: toPlace(url), reason }, error);
  }
}

/** The address without user and password. */
function toPlace(url: string): string {
  if (!URL.canParse(url)) return 'the given address';
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

/** `if not exists` alone lets two processes that start together collide. */
async function createSchema(db: Db, schema: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtext(${`tidemill.schema.${schema}`}))`.execute(tx);
    await sql`create schema if not exists ${sql.raw(schema)}`.execute(tx);
  });
}

/** Schema names come from configuration and from tests; this one may stand unquoted in SQL and in a connection option. */
function toIdentifier(name: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) {
    throw errors.configInvalid({ variable: 'schema', reason: `'${name}' is not a-z, 0-9 and _, at most 63` });
  }
  return name;
}
