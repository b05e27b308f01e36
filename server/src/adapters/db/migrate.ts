import { type Kysely, sql } from 'kysely';
import { errors } from '../../base/errors.ts';
import type { DatabaseKind, Db } from './db.ts';
import { SameColumnTypes } from './same-column-types.ts';

/** A migration sees no table types: they describe the newest schema, not the one it meets. */
export type MigrationDb = Kysely<unknown>;

export interface Migration {
  readonly name: string;
  up(db: MigrationDb, kind: DatabaseKind): Promise<void>;
}

type MigrationTable = { migrations: { name: string; applied_at: number } };

/**
 * Brings the schema up to the list, all or nothing, once even when several processes start together.
 * Refuses a database in which a later program has already applied migrations of its own.
 */
export async function migrate(db: Db, kind: DatabaseKind, list: readonly Migration[]): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const tx = transaction.withTables<MigrationTable>();
    if (kind === 'postgres') {
      await sql`select pg_advisory_xact_lock(hashtext('tidemill.migrations.' || current_schema()))`.execute(
        tx,
      );
    }
    await tx.schema
      .createTable('migrations')
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('applied_at', 'bigint', (column) => column.notNull())
      .execute();
    const applied = new Set(
      (await tx.selectFrom('migrations').select('name').execute()).map((row) => row.name),
    );
    assertKnown(applied, list);
    for (const migration of list) {
      if (applied.has(migration.name)) continue;
      await migration.up(tx.withPlugin(new SameColumnTypes(kind)) as unknown as MigrationDb, kind);
      await tx.insertInto('migrations').values({ name: migration.name, applied_at: Date.now() }).execute();
    }
  });
}

function assertKnown(applied: ReadonlySet<string>, list: readonly Migration[]): void {
  const unknown = [...applied].filter((name) => !list.some((migration) => migration.name === name)).sort();
  if (unknown.length > 0) throw errors.dataFolderNewer({ applied: unknown.join(', ') });
}
