import { autoId, epoch, required } from '../columns.ts';
import type { DatabaseKind } from '../db.ts';
import type { Migration, MigrationDb } from '../migrate.ts';

export const migration: Migration = {
  name: '032-governance',
  async up(db, kind) {
    await createGates(db);
    await createChecks(db, kind);
    await createApprovals(db, kind);
  },
};

async function createGates(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('model_gates')
    .addColumn('workspace', 'text', required)
    .addColumn('model', 'text', required)
    .addColumn('rules', 'text', required)
    .addColumn('updated_at', epoch, required)
    .addColumn('updated_by', 'text', required)
    .addPrimaryKeyConstraint('model_gates_key', ['workspace', 'model'])
    .execute();
}

async function createChecks(db: MigrationDb, kind: DatabaseKind): Promise<void> {
  await db.schema
    .createTable('gate_checks')
    .addColumn('seq', ...autoId(kind))
    .addColumn('workspace', 'text', required)
    .addColumn('id', 'text', required)
    .addColumn('model', 'text', required)
    .addColumn('version', 'integer', required)
    .addColumn('evaluation', 'text', required)
    .addColumn('passed', 'integer', required)
    .addColumn('results', 'text', required)
    .addColumn('created_at', epoch, required)
    .addColumn('created_by', 'text', required)
    .addUniqueConstraint('gate_checks_key', ['workspace', 'id'])
    .execute();

  await db.schema
    .createIndex('gate_checks_model')
    .on('gate_checks')
    .columns(['workspace', 'model', 'version', 'seq'])
    .execute();
}

async function createApprovals(db: MigrationDb, kind: DatabaseKind): Promise<void> {
  await db.schema
    .createTable('model_approvals')
    .addColumn('seq', ...autoId(kind))
    .addColumn('workspace', 'text', required)
    .addColumn('id', 'text', required)
    .addColumn('model', 'text', required)
    .addColumn('version', 'integer', required)
    .addColumn('decision', 'text', required)
    .addColumn('reason', 'text', required)
    .addColumn('gate_check', 'text')
    .addColumn('actor', 'text', required)
    .addColumn('created_at', epoch, required)
    .addUniqueConstraint('model_approvals_key', ['workspace', 'id'])
    .execute();

  await db.schema
    .createIndex('model_approvals_model')
    .on('model_approvals')
    .columns(['workspace', 'model', 'version', 'seq'])
    .execute();
}
