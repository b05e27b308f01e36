import type { Approval, ApprovalRecord, Gate, GateCheck } from '@tidemill/contract';
import { sql } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import { formatReference } from '../../base/references.ts';

interface VersionKey {
  readonly workspace: string;
  readonly model: string;
  readonly version: number;
}

export const governanceStore = (db: Db) => ({
  async saveGate(workspace: string, gate: Gate, actor: string): Promise<void> {
    const value = { rules: json(gate.rules), updated_at: gate.updatedAt, updated_by: actor };
    await db
      .insertInto('model_gates')
      .values({ workspace, model: gate.model, ...value })
      .onConflict((conflict) => conflict.columns(['workspace', 'model']).doUpdateSet(value))
      .execute();
  },

  async findGate(workspace: string, model: string): Promise<Gate | null> {
    const row = await db
      .selectFrom('model_gates')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .executeTakeFirst();
    return row ? { model: row.model, rules: parseJson(row.rules), updatedAt: row.updated_at } : null;
  },

  /** A gate that was declared under the new name before stays. */
  async rename(workspace: string, model: string, to: string): Promise<void> {
    await sql`update model_gates set model = ${to} where workspace = ${workspace} and model = ${model}
      and not exists (select 1 from model_gates there where there.workspace = ${workspace} and there.model = ${to})`.execute(
      db,
    );
    for (const table of ['gate_checks', 'model_approvals', 'promotions'])
      await sql`update ${sql.table(table)} set model = ${to}
        where workspace = ${workspace} and model = ${model}`.execute(db);
  },

  async insertCheck(key: VersionKey, check: GateCheck): Promise<void> {
    await db
      .insertInto('gate_checks')
      .values({
        ...key,
        id: check.id,
        evaluation: check.evaluation,
        passed: check.passed ? 1 : 0,
        results: json(check.results),
        created_at: check.createdAt,
        created_by: check.createdBy,
      })
      .execute();
  },

  async findLatestCheck(key: VersionKey): Promise<GateCheck | null> {
    const row = await db
      .selectFrom('gate_checks')
      .selectAll()
      .where('workspace', '=', key.workspace)
      .where('model', '=', key.model)
      .where('version', '=', key.version)
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (!row) return null;
    return {
      id: row.id,
      model: formatReference(row.model, row.version),
      evaluation: row.evaluation,
      passed: row.passed === 1,
      results: parseJson(row.results),
      createdAt: row.created_at,
      createdBy: row.created_by,
    };
  },

  async insertApproval(key: VersionKey, record: ApprovalRecord): Promise<void> {
    await db
      .insertInto('model_approvals')
      .values({
        ...key,
        id: record.id,
        decision: record.decision,
        reason: record.reason,
        gate_check: record.gateCheck,
        actor: record.actor,
        created_at: record.createdAt,
      })
      .execute();
  },

  /** Newest first. */
  async listApprovals(key: VersionKey): Promise<ApprovalRecord[]> {
    const rows = await db
      .selectFrom('model_approvals')
      .selectAll()
      .where('workspace', '=', key.workspace)
      .where('model', '=', key.model)
      .where('version', '=', key.version)
      .orderBy('seq', 'desc')
      .limit(1000)
      .execute();
    return rows.map((row) => ({
      id: row.id,
      model: formatReference(row.model, row.version),
      decision: row.decision as Approval,
      reason: row.reason,
      gateCheck: row.gate_check,
      actor: row.actor,
      createdAt: row.created_at,
    }));
  },
});
