/**
 * Column shapes that are spelled differently per database. Everything else is written once:
 * text ids, `bigint` epoch milliseconds named `*_at`, integer 0/1, JSON as text, `double precision`.
 */
import type { ColumnDefinitionBuilder, ColumnDefinitionBuilderCallback } from 'kysely';
import type { DatabaseKind } from './db.ts';

/** Milliseconds since 1970, UTC. */
export const epoch = 'bigint';

/** `.addColumn('id', ...autoId(kind))`: a primary key that only ever grows. */
export function autoId(kind: DatabaseKind): ['bigint' | 'integer', ColumnDefinitionBuilderCallback] {
  // SQLite counts only in a column called exactly `integer primary key`.
  return kind === 'sqlite'
    ? ['integer', (column) => column.primaryKey().autoIncrement()]
    : ['bigint', (column) => column.primaryKey().generatedByDefaultAsIdentity()];
}

export const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();
