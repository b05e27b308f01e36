import type { Evaluation, EvaluationSummary } from '@tidemill/contract';
import { sql } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';

type Findings = Pick<
  Evaluation,
  'slices' | 'worst' | 'curves' | 'confusion' | 'residuals' | 'comparisons' | 'naive'
>;

/** What evaluations from before lack: they judged regressions of registered models. */
const before = { source: 'model', task: 'regression', sql: null, intervals: {} } as const;
const nothing: Findings = {
  ...{ slices: [], worst: null, curves: [], confusion: null, residuals: null },
  ...{ comparisons: [], naive: [] },
};

export interface EvaluationFilter {
  readonly workspace: string;
  readonly model?: string | undefined;
  readonly version?: number | undefined;
  readonly task?: string | undefined;
  readonly source?: string | undefined;
  /** `prices` means all versions of it. */
  readonly dataset?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
}

const toSummary = (body: string): EvaluationSummary => ({ ...before, ...parseJson<EvaluationSummary>(body) });

const firstLetters = (count: number) => sql<string>`substr(dataset, 1, ${sql.lit(count)})`;

export const evaluationStore = (db: Db) => ({
  /** `model` is empty where no registered model is judged. */
  async insert(
    key: { workspace: string; model: string; version: number },
    { series, slices, worst, curves, confusion, residuals, comparisons, naive, ...body }: Evaluation,
  ): Promise<void> {
    const findings: Findings = { slices, worst, curves, confusion, residuals, comparisons, naive };
    await db
      .insertInto('evaluations')
      .values({
        ...key,
        id: body.id,
        source: body.source,
        task: body.task,
        dataset: body.dataset,
        body: json(body),
        series: json(series),
        findings: json(findings),
        created_at: body.createdAt,
      })
      .execute();
  },

  async find(workspace: string, id: string): Promise<Evaluation | null> {
    const row = await db
      .selectFrom('evaluations')
      .select(['body', 'series', 'findings'])
      .where('workspace', '=', workspace)
      .where('id', '=', id)
      .executeTakeFirst();
    if (!row) return null;
    const findings = row.findings === null ? nothing : parseJson<Findings>(row.findings);
    return { ...toSummary(row.body), ...nothing, ...findings, series: parseJson(row.series) };
  },

  /** Newest first. */
  async list(filter: EvaluationFilter): Promise<EvaluationSummary[]> {
    const { model, version, task, source, dataset } = filter;
    let query = db.selectFrom('evaluations').select('body').where('workspace', '=', filter.workspace);
    if (model !== undefined) query = query.where('model', '=', model);
    if (version !== undefined) query = query.where('version', '=', version);
    if (task !== undefined) query = query.where('task', '=', task);
    if (source !== undefined) query = query.where('source', '=', source);
    if (dataset?.includes('@')) query = query.where('dataset', '=', dataset);
    else if (dataset !== undefined) query = query.where(firstLetters(dataset.length + 1), '=', `${dataset}@`);
    if (filter.before !== undefined) query = query.where('id', '<', filter.before);
    const rows = await query.orderBy('id', 'desc').limit(filter.limit).execute();
    return rows.map((row) => toSummary(row.body));
  },
});
