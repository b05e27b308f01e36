import { AsyncLocalStorage } from 'node:async_hooks';
import type { DialectAdapter } from 'kysely';

/** The adapter stands for the database: it is the one object that `db` and its transactions share. */
interface Scope {
  readonly database: DialectAdapter;
  isOpen: boolean;
}

const scopes = new AsyncLocalStorage<Scope>();

/** Runs the inside of a transaction so that `assertOutsideTransaction` knows it. */
export async function inTransaction<T>(database: DialectAdapter, run: () => Promise<T>): Promise<T> {
  const scope = { database, isOpen: true };
  try {
    return await scopes.run(scope, run);
  } finally {
    // What was started inside and goes on after the end (a timer, a listener) may use the database again.
    scope.isOpen = false;
  }
}

/**
 * Without it, a service that takes the outer `db` by mistake waits for itself for ever on SQLite,
 * and on PostgreSQL silently writes what a rollback does not take back.
 */
export function assertOutsideTransaction(database: DialectAdapter): void {
  const scope = scopes.getStore();
  if (scope?.isOpen && scope.database === database) {
    throw new Error(
      'The outer database was used inside a transaction. Pass `tx` down to whatever runs in it.',
    );
  }
}
