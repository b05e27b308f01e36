import type { Selectable } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import type { AnalysesTable } from '../../adapters/db/tables/analyses.ts';
import type { StoredAnalysis } from './rules.ts';

/** Names shown when one is not found. */
const shownNames = 20;

export const analysisStore = (db: Db) => ({
  async save(analysis: StoredAnalysis): Promise<void> {
    const { workspace, name, createdAt } = analysis;
    const values = toColumns(analysis);
    await db
      .insertInto('analyses')
      .values({ workspace, name, created_at: createdAt, ...values })
      .onConflict((conflict) => conflict.columns(['workspace', 'name']).doUpdateSet(values))
      .execute();
  },

  async find(workspace: string, name: string): Promise<StoredAnalysis | null> {
    const row = await db
      .selectFrom('analyses')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('name', '=', name)
      .executeTakeFirst();
    return row ? toAnalysis(row) : null;
  },

  async list(workspace: string, after: string | undefined, limit: number): Promise<StoredAnalysis[]> {
    let query = db.selectFrom('analyses').selectAll().where('workspace', '=', workspace);
    if (after !== undefined) query = query.where('name', '>', after);
    return (await query.orderBy('name').limit(limit).execute()).map(toAnalysis);
  },

  async listNames(workspace: string): Promise<string[]> {
    const rows = await db
      .selectFrom('analyses')
      .select('name')
      .where('workspace', '=', workspace)
      .orderBy('name')
      .limit(shownNames)
      .execute();
    return rows.map(({ name }) => name);
  },

  async delete(workspace: string, name: string): Promise<void> {
    await db.deleteFrom('analyses').where('workspace', '=', workspace).where('name', '=', name).execute();
  },
});

const toColumns = (analysis: StoredAnalysis) => ({
  description: analysis.description,
  sql: analysis.sql,
  bindings: json(analysis.bindings),
  versions: json(analysis.versions),
  chart: analysis.chart && json(analysis.chart),
  row_limit: analysis.limit,
  columns: json(analysis.columns),
  row_count: analysis.rows,
  result_digest: analysis.digest,
  rows_digest: analysis.rowsDigest,
  updated_at: analysis.updatedAt,
  updated_by: analysis.updatedBy,
});

const toAnalysis = (row: Selectable<AnalysesTable>): StoredAnalysis => ({
  workspace: row.workspace,
  name: row.name,
  description: row.description,
  sql: row.sql,
  bindings: parseJson(row.bindings),
  versions: parseJson(row.versions),
  chart: row.chart === null ? null : parseJson(row.chart),
  limit: row.row_limit,
  columns: parseJson(row.columns),
  rows: row.row_count,
  digest: row.result_digest,
  rowsDigest: row.rows_digest,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});
