import type { Evaluation } from '@tidemill/contract';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';

type Body = Omit<Evaluation, 'series'>;

export interface EvaluationFilter {
  readonly workspace: string;
  readonly model?: string | undefined;
  readonly version?: number | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
}

export const evaluationStore = (db: Db) => ({
  async insert(
    key: { workspace: string; model: string; version: number },
    evaluation: Evaluation,
  ): Promise<void> {
    const { series, ...body } = evaluation;
    await db
      .insertInto('evaluations')
      .values({
        ...key,
        id: evaluation.id,
        body: json(body),
        series: json(series),
        created_at: evaluation.createdAt,
      })
      .execute();
  },

  async find(workspace: string, id: string): Promise<Evaluation | null> {
    const row = await db
      .selectFrom('evaluations')
      .select(['body', 'series'])
      .where('workspace', '=', workspace)
      .where('id', '=', id)
      .executeTakeFirst();
    return row ? { ...parseJson<Body>(row.body), series: parseJson(row.series) } : null;
  },

  /** Newest first, with their series. */
  async list(filter: EvaluationFilter): Promise<Evaluation[]> {
    let query = db
      .selectFrom('evaluations')
      .select(['body', 'series'])
      .where('workspace', '=', filter.workspace);
    if (filter.model !== undefined) query = query.where('model', '=', filter.model);
    if (filter.version !== undefined) query = query.where('version', '=', filter.version);
    if (filter.before !== undefined) query = query.where('id', '<', filter.before);
    const rows = await query.orderBy('id', 'desc').limit(filter.limit).execute();
    return rows.map((row) => ({ ...parseJson<Body>(row.body), series: parseJson(row.series) }));
  },
});
