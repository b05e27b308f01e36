import type { ApprovalPolicy, ApprovalRecord, Gate, GateCheck } from '@tidemill/contract';
import { sql } from 'kysely';
import { type Db, json, lockKey, parseJson, type Tx } from '../../adapters/db/db.ts';
import { formatReference } from '../../base/references.ts';
import { type RuleResult, verdictOf } from './rules.ts';

interface VersionKey {
  readonly workspace: string;
  readonly model: string;
  readonly version: number;
}

/** Of checks from before rules had one. */
const always = { severity: 'refuse' } as const;

export const governanceStore = (db: Db) => ({
  async saveGate(workspace: string, gate: Gate, actor: string): Promise<void> {
    const approval = gate.approval && json(gate.approval);
    const environments = json(gate.environments);
    const value = {
      rules: json(gate.rules),
      approval,
      environments,
      updated_at: gate.updatedAt,
      updated_by: actor,
    };
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
    if (!row) return null;
    const approval = row.approval === null ? null : parseJson<ApprovalPolicy>(row.approval);
    const environments = row.environments === null ? {} : parseJson<Gate['environments']>(row.environments);
    return {
      model: row.model,
      rules: parseJson(row.rules),
      approval,
      environments,
      updatedAt: row.updated_at,
    };
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
    return (await this.listChecks(key, 1))[0] ?? null;
  },

  /** Newest first. */
  async listChecks(key: VersionKey, limit: number): Promise<GateCheck[]> {
    const rows = await db
      .selectFrom('gate_checks')
      .selectAll()
      .where('workspace', '=', key.workspace)
      .where('model', '=', key.model)
      .where('version', '=', key.version)
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      id: row.id,
      model: formatReference(row.model, row.version),
      evaluation: row.evaluation,
      ...verdictOf(parseJson<RuleResult[]>(row.results).map((result) => ({ ...always, ...result }))),
      createdAt: row.created_at,
      createdBy: row.created_by,
    }));
  },

  /** Whoever decides on a version meanwhile waits until this transaction's decision is there. */
  lockDecisions: ({ workspace, model, version }: VersionKey): Promise<void> =>
    lockKey(db as Tx, `decisions/${workspace}/${model}/${version}`),

  async insertApproval(key: VersionKey, record: ApprovalRecord): Promise<void> {
    await db
      .insertInto('model_approvals')
      .values({
        ...key,
        id: record.id,
        decision: record.decision,
        reason: record.reason,
        gate_check: record.gateCheck,
        handover: record.handover,
        missing: record.missing,
        environment: record.environment,
        actor: record.actor,
        created_at: record.createdAt,
      })
      .execute();
  },

  /** Newest first: those for one environment, those for none (null), or all. */
  async listApprovals(key: VersionKey, environment?: string | null): Promise<ApprovalRecord[]> {
    let query = db
      .selectFrom('model_approvals')
      .selectAll()
      .where('workspace', '=', key.workspace)
      .where('model', '=', key.model)
      .where('version', '=', key.version);
    if (environment !== undefined) query = query.where('environment', 'is not distinct from', environment);
    const rows = await query.orderBy('seq', 'desc').limit(1000).execute();
    return rows.map((row) => ({
      id: row.id,
      model: formatReference(row.model, row.version),
      decision: row.decision as ApprovalRecord['decision'],
      reason: row.reason,
      handover: row.handover,
      missing: row.missing,
      gateCheck: row.gate_check,
      environment: row.environment,
      actor: row.actor,
      createdAt: row.created_at,
    }));
  },
});
