import type {
  Expectation,
  ExpectationOutcome,
  ValidationResult,
  ValidationSummary,
} from '@tidemill/contract';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import type { Counts } from './rules.ts';

export interface ExpectationsRevision {
  readonly revision: number;
  readonly expectations: Expectation[];
  readonly createdAt: number;
  readonly createdBy: string;
}

export interface ListFilter {
  readonly version?: number | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
}

export const validationStore = (db: Db) => ({
  /** The newest where no revision is named. */
  async findExpectations(
    workspace: string,
    dataset: string,
    revision?: number,
  ): Promise<ExpectationsRevision | null> {
    let query = db
      .selectFrom('dataset_expectations')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('dataset', '=', dataset);
    if (revision !== undefined) query = query.where('revision', '=', revision);
    const row = await query.orderBy('revision', 'desc').limit(1).executeTakeFirst();
    if (!row) return null;
    const { created_at: createdAt, created_by: createdBy } = row;
    return { revision: row.revision, expectations: parseJson(row.expectations), createdAt, createdBy };
  },

  async insertExpectations(
    workspace: string,
    dataset: string,
    { revision, expectations, createdAt, createdBy }: ExpectationsRevision,
  ): Promise<void> {
    await db
      .insertInto('dataset_expectations')
      .values({
        workspace,
        dataset,
        revision,
        expectations: json(expectations),
        created_at: createdAt,
        created_by: createdBy,
      })
      .execute();
  },

  async insertResult(workspace: string, result: ValidationResult): Promise<void> {
    const { passed, warned, failed } = result;
    await db
      .insertInto('dataset_validations')
      .values({
        workspace,
        id: result.id,
        dataset: result.dataset,
        number: result.version,
        cause: result.cause,
        status: result.status,
        revision: result.revision,
        row_count: result.rows,
        counts: json({ passed, warned, failed }),
        outcomes: json(result.outcomes),
        duration_ms: result.durationMs,
        created_at: result.createdAt,
        created_by: result.createdBy,
      })
      .execute();
  },

  /** A version is looked at again by request: the newest such result stands for the earlier ones. */
  async deleteRequested(workspace: string, dataset: string, number: number): Promise<void> {
    await db
      .deleteFrom('dataset_validations')
      .where('workspace', '=', workspace)
      .where('dataset', '=', dataset)
      .where('number', '=', number)
      .where('cause', '=', 'request')
      .execute();
  },

  /** Keeps the newest results of refused commits. */
  async pruneRefused(workspace: string, dataset: string, kept: number): Promise<void> {
    const refused = db
      .selectFrom('dataset_validations')
      .select('id')
      .where('workspace', '=', workspace)
      .where('dataset', '=', dataset)
      .where('number', 'is', null);
    const last = await refused.orderBy('id', 'desc').offset(kept).limit(1).executeTakeFirst();
    if (!last) return;
    await db
      .deleteFrom('dataset_validations')
      .where('workspace', '=', workspace)
      .where('dataset', '=', dataset)
      .where('number', 'is', null)
      .where('id', '<=', last.id)
      .execute();
  },

  async findResult(workspace: string, dataset: string, id: string): Promise<ValidationResult | null> {
    const row = await db
      .selectFrom('dataset_validations')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('dataset', '=', dataset)
      .where('id', '=', id)
      .executeTakeFirst();
    return row ? { ...toSummary(row), outcomes: parseJson<ExpectationOutcome[]>(row.outcomes) } : null;
  },

  /** Newest first; ids grow with time. */
  async listResults(
    workspace: string,
    dataset: string,
    { version, before, limit }: ListFilter,
  ): Promise<ValidationSummary[]> {
    let query = db
      .selectFrom('dataset_validations')
      .select(summaryColumns)
      .where('workspace', '=', workspace)
      .where('dataset', '=', dataset);
    if (version !== undefined) query = query.where('number', '=', version);
    if (before !== undefined) query = query.where('id', '<', before);
    return (await query.orderBy('id', 'desc').limit(limit).execute()).map(toSummary);
  },

  /** Of the versions, and of commits that were refused: rows shown as examples are forgotten, counts stay. */
  async forgetSamples(workspace: string, dataset: string, numbers: readonly number[]): Promise<void> {
    const rows = await db
      .selectFrom('dataset_validations')
      .select(['id', 'outcomes'])
      .where('workspace', '=', workspace)
      .where('dataset', '=', dataset)
      .where((e) => e.or([e('number', 'in', numbers), e('number', 'is', null)]))
      .execute();
    for (const { id, outcomes } of rows)
      await db
        .updateTable('dataset_validations')
        .set({
          outcomes: json(parseJson<ExpectationOutcome[]>(outcomes).map((each) => ({ ...each, sample: [] }))),
        })
        .where('workspace', '=', workspace)
        .where('dataset', '=', dataset)
        .where('id', '=', id)
        .execute();
  },

  async deleteAll(workspace: string, dataset: string): Promise<void> {
    for (const table of ['dataset_expectations', 'dataset_validations'] as const)
      await db.deleteFrom(table).where('workspace', '=', workspace).where('dataset', '=', dataset).execute();
  },
});

const summaryColumns = [
  'id',
  'dataset',
  'number',
  'cause',
  'status',
  'revision',
  'row_count',
  'counts',
  'duration_ms',
  'created_at',
  'created_by',
] as const;

interface SummaryRow {
  readonly id: string;
  readonly dataset: string;
  readonly number: number | null;
  readonly cause: string;
  readonly status: string;
  readonly revision: number;
  readonly row_count: number;
  readonly counts: string;
  readonly duration_ms: number;
  readonly created_at: number;
  readonly created_by: string;
}

const toSummary = (row: SummaryRow): ValidationSummary => ({
  id: row.id,
  dataset: row.dataset,
  version: row.number,
  cause: row.cause as ValidationSummary['cause'],
  status: row.status as ValidationSummary['status'],
  revision: row.revision,
  rows: row.row_count,
  ...parseJson<Counts>(row.counts),
  durationMs: row.duration_ms,
  createdAt: row.created_at,
  createdBy: row.created_by,
});
