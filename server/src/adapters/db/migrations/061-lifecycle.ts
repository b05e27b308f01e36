import { sql } from 'kysely';
import { autoId, epoch, required } from '../columns.ts';
import type { Migration, MigrationDb } from '../migrate.ts';

/** States of model versions, how they came to them, and where aliases pointed. */
export const migration: Migration = {
  name: '061-lifecycle',
  async up(db, kind) {
    await db.schema
      .alterTable('model_versions')
      .addColumn('state', 'text', (column) => column.notNull().defaultTo('candidate'))
      .execute();
    await db.schema
      .createTable('model_transitions')
      .addColumn('seq', ...autoId(kind))
      .addColumn('workspace', 'text', required)
      .addColumn('model', 'text', required)
      .addColumn('number', 'integer', required)
      .addColumn('from_state', 'text', required)
      .addColumn('to_state', 'text', required)
      .addColumn('cause', 'text', required)
      .addColumn('reason', 'text', required)
      .addColumn('actor', 'text', required)
      .addColumn('created_at', epoch, required)
      .execute();
    await db.schema
      .createIndex('model_transitions_version')
      .on('model_transitions')
      .columns(['workspace', 'model', 'number', 'seq'])
      .execute();
    await db.schema
      .createTable('model_alias_moves')
      .addColumn('seq', ...autoId(kind))
      .addColumn('workspace', 'text', required)
      .addColumn('model', 'text', required)
      .addColumn('alias', 'text', required)
      .addColumn('number', 'integer')
      .addColumn('reason', 'text', required)
      .addColumn('actor', 'text', required)
      .addColumn('created_at', epoch, required)
      .execute();
    await db.schema
      .createIndex('model_alias_moves_alias')
      .on('model_alias_moves')
      .columns(['workspace', 'model', 'alias', 'seq'])
      .execute();
    await fill(db);
  },
};

/** By what is known of versions that were there before. */
async function fill(db: MigrationDb): Promise<void> {
  await sql`update model_versions set state = 'validated' where approval = 'none' and 1 = (
    select passed from gate_checks
    where gate_checks.workspace = model_versions.workspace and gate_checks.model = model_versions.model
      and gate_checks.version = model_versions.number
    order by seq desc limit 1)`.execute(db);
  await sql`update model_versions set state = 'approved' where approval in ('approved', 'overridden')`.execute(
    db,
  );
  await sql`update model_versions set state = 'retired' where stage = 'Archived' and not exists (
    select 1 from model_aliases
    where model_aliases.workspace = model_versions.workspace and model_aliases.model = model_versions.model
      and model_aliases.number = model_versions.number)`.execute(db);
  await sql`update model_versions set state = 'serving' where exists (
    select 1 from lineage_holds
    where lineage_holds.workspace = model_versions.workspace and lineage_holds.user_uri like 'endpoint:%'
      and lineage_holds.used_uri in (
        'model:' || model_versions.model || '@' || model_versions.number,
        'model:"' || replace(model_versions.model, '"', '""') || '"@' || model_versions.number))`.execute(db);
  await sql`insert into model_alias_moves (workspace, model, alias, number, reason, actor, created_at)
    select workspace, model, alias, number, '', updated_by, updated_at from model_aliases`.execute(db);
}
