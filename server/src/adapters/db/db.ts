/**
 * The metadata database, one schema on SQLite and PostgreSQL. Stores write Kysely in the subset both share;
 * what differs is said here: JSON as text, 0/1 for booleans, and `transact` for every change of more than one row.
 */
import { CompiledQuery, type Kysely, PostgresAdapter, sql, type Transaction } from 'kysely';
import { asConstant } from './constant-statements.ts';
import { EachRow } from './each-row.ts';
import type { Database } from './schema.ts';
import { inTransaction } from './transaction-scope.ts';

export type DatabaseKind = 'sqlite' | 'postgres';
/** Either a connection pool or, inside `transact`, the transaction: what a store takes. */
export type Db = Kysely<Database>;
export type Tx = Transaction<Database>;

export interface DatabaseHandle {
  readonly kind: DatabaseKind;
  readonly db: Db;
  /** What was deleted is in no file any more; false while somebody reads. Null where the database alone decides when. */
  readonly scrub: (() => Promise<boolean>) | null;
  /** Connections, where there are several: what is open, idle and waited for. */
  readonly pool?: () => { readonly total: number; readonly idle: number; readonly waiting: number };
  /** Waits for what is running; may be called twice. */
  close(): Promise<void>;
}

const maximumRetries = 3;

/**
 * Runs `change` in one transaction and gives back what it returns; a throw rolls everything back.
 * Inside, only `tx` may be used; the outer `db` throws there. Called with a transaction, it joins it.
 * A loser of a deadlock or serialization conflict is run again (at most 3 times), so `change` must touch nothing
 * but the database.
 */
export async function transact<T>(db: Db, change: (tx: Tx) => Promise<T>): Promise<T> {
  if (db.isTransaction) return change(db as Tx);
  const database = db.getExecutor().adapter;
  for (let attempt = 0; ; attempt++) {
    try {
      return await db.transaction().execute((tx) => inTransaction(database, () => change(tx)));
    } catch (error) {
      if (attempt >= maximumRetries || !isConflict(error)) throw error;
    }
  }
}

export function kindOf(db: Db): DatabaseKind {
  return db.getExecutor().adapter instanceof PostgresAdapter ? 'postgres' : 'sqlite';
}

/**
 * From here to its end, this transaction is the only one that holds `key`: for reading a row and writing what
 * follows from it (the next version number). SQLite has one writer at a time anyway.
 */
export async function lockKey(tx: Tx, key: string): Promise<void> {
  if (kindOf(tx) === 'sqlite') return;
  await sql`select pg_advisory_xact_lock(hashtextextended(current_schema() || ${`/${key}`}, 0))`.execute(tx);
}

/** Makes the order of outbox ids the order of commits, so a reader's cursor skips nothing. Call it before the insert. */
export async function lockOutbox(tx: Tx): Promise<void> {
  await lockKey(tx, 'outbox');
}

/** Rows of equal columns in slices that one `insert` may bind on either database (SQLite: 32,766 values). */
export function toBatches<T extends object>(rows: readonly T[]): T[][] {
  const size = Math.max(1, Math.floor(30_000 / Math.max(1, Object.keys(rows[0] ?? {}).length)));
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, n) =>
    rows.slice(n * size, (n + 1) * size),
  );
}

/**
 * Runs one statement once for each row, in order, and gives back all it returned: the cheapest way into SQLite, where a
 * prepared statement costs a microsecond and a list of a thousand values has to be parsed first. For SQLite alone;
 * PostgreSQL takes the same rows as one array per column (`unnest`). Call it in a transaction.
 */
export async function runForEach<R = never>(
  tx: Db,
  statement: string,
  rows: readonly RowValues[],
): Promise<R[]> {
  if (rows.length === 0) return [];
  return (await tx.executeQuery<R>(CompiledQuery.raw(statement, [new EachRow(rows)]))).rows;
}

/** Runs a statement of constant text, which PostgreSQL parses and plans once per connection. `?` on SQLite, `$1` on PostgreSQL. */
export async function runConstant<R = never>(
  tx: Db,
  statement: string,
  parameters: readonly unknown[],
): Promise<R[]> {
  return (await tx.executeQuery<R>(CompiledQuery.raw(asConstant(statement), [...parameters]))).rows;
}

export type RowValues = readonly (string | number | null)[];

/**
 * Writes rows by a statement of constant text: `into` is `insert into t (a, b)`, `then` an `on conflict …`. For tables that
 * every request writes to, where building the statement anew would take longer than running it. Call it in a transaction.
 */
export async function insertRows(tx: Db, into: string, rows: readonly RowValues[], then = ''): Promise<void> {
  const width = rows[0]?.length ?? 0;
  if (kindOf(tx) === 'sqlite') {
    await runForEach(tx, `${into} values (${Array(width).fill('?').join()}) ${then}`, rows);
    return;
  }
  for (let start = 0; start < rows.length; start += insertedAtOnce) {
    const portion = rows.slice(start, start + insertedAtOnce);
    const list = portion.map(
      (_row, y) => `(${Array.from({ length: width }, (_, x) => `$${y * width + x + 1}`)})`,
    );
    const statement = `${into} values ${list.join()} ${then}`;
    if (portion.length === 1) await runConstant(tx, statement, portion.flat());
    else await tx.executeQuery(CompiledQuery.raw(statement, portion.flat()));
  }
}

/** PostgreSQL takes 65,535 parameters a statement. */
const insertedAtOnce = 1_000;

/** For a text column. `undefined` becomes null. */
export function json(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

/** Reads what `json` wrote; the caller names the type, as only the store knows what it put there. */
export function parseJson<T>(text: string): T {
  return JSON.parse(text) as T;
}

/** Whether a unique or primary key refused the write. On PostgreSQL the transaction is then lost: prefer `on conflict`. */
export function isUniqueViolation(error: unknown): boolean {
  const { code, errcode } = errorCodes(error);
  return code === '23505' || errcode === sqliteUnique || errcode === sqlitePrimaryKey;
}

const sqlitePrimaryKey = 1555;
const sqliteUnique = 2067;

function isConflict(error: unknown): boolean {
  const { code } = errorCodes(error);
  return code === '40001' || code === '40P01';
}

/** PostgreSQL gives its SQLSTATE in `code`, node:sqlite the extended result code in `errcode`. */
function errorCodes(error: unknown): { code?: string; errcode?: number } {
  return typeof error === 'object' && error !== null ? error : {};
}
