import { sql } from 'kysely';
import { epoch, required } from '../columns.ts';
import type { DatabaseKind } from '../db.ts';
import type { Migration, MigrationDb } from '../migrate.ts';

/** What was recorded before is sealed from the genesis on, by the next server that runs. */
export const migration: Migration = {
  name: '053-audit-chain',
  async up(db, kind) {
    await db.schema.alterTable('audit').addColumn('position', 'bigint').execute();
    await db.schema
      .createIndex('audit_by_action')
      .on('audit')
      .columns(['workspace', 'action', 'id'])
      .execute();
    await db.schema.createIndex('audit_by_actor').on('audit').columns(['workspace', 'actor', 'id']).execute();
    await db.schema
      .createTable('audit_heads')
      .addColumn('workspace', 'text', (column) => column.primaryKey().notNull())
      .addColumn('position', 'bigint', required)
      .addColumn('entry_id', 'bigint', required)
      .addColumn('hash', 'text', required)
      .addColumn('sealed_at', epoch, required)
      .execute();
    for (const statement of guards(kind)) await sql.raw(statement).execute(db as MigrationDb);
  },
};

const columns = ['id', 'workspace', 'actor', 'action', 'subject', 'detail', 'created_at'];
const refusal = 'the audit is append-only';

/** Rows are only added; a row is sealed once; a head only goes forward. */
const guards = (kind: DatabaseKind): string[] => (kind === 'sqlite' ? sqliteGuards() : postgresGuards());

function sqliteGuards(): string[] {
  const changed = columns.map((name) => `new.${name} is not old.${name}`).join(' or ');
  const refuse = (name: string, on: string, when: string) =>
    `create trigger ${name} before ${on} ${when === '' ? '' : `when ${when}`} begin select raise(abort, '${refusal}'); end`;
  return [
    refuse('audit_kept', 'delete on audit', ''),
    refuse('audit_unchanged', 'update on audit', `old.hash is not null or new.hash is null or ${changed}`),
    refuse('audit_heads_kept', 'delete on audit_heads', ''),
    refuse(
      'audit_heads_forward',
      'update on audit_heads',
      'new.workspace is not old.workspace or new.position <= old.position',
    ),
  ];
}

function postgresGuards(): string[] {
  const changed = columns.map((name) => `new.${name} is distinct from old.${name}`).join(' or ');
  const refuse = (name: string, on: string, each: 'row' | 'statement', when: string) =>
    `create trigger ${name} before ${on} for each ${each} ${when === '' ? '' : `when (${when})`} execute function refuse_audit_change()`;
  return [
    `create function refuse_audit_change() returns trigger language plpgsql as
      $$ begin raise exception '${refusal}'; end $$`,
    refuse('audit_kept', 'delete on audit', 'row', ''),
    refuse('audit_not_emptied', 'truncate on audit', 'statement', ''),
    refuse(
      'audit_unchanged',
      'update on audit',
      'row',
      `old.hash is not null or new.hash is null or ${changed}`,
    ),
    refuse('audit_heads_kept', 'delete on audit_heads', 'row', ''),
    refuse('audit_heads_not_emptied', 'truncate on audit_heads', 'statement', ''),
    refuse(
      'audit_heads_forward',
      'update on audit_heads',
      'row',
      'new.workspace is distinct from old.workspace or new.position <= old.position',
    ),
  ];
}
