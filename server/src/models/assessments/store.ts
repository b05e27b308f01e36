import type { Assessment, AssessmentKind } from '@tidemill/contract';
import { sql } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';

export interface VersionKey {
  readonly workspace: string;
  readonly model: string;
  readonly version: number;
}

type Body = Omit<Assessment, 'id' | 'model' | 'kind' | 'createdAt'>;

export const assessmentStore = (db: Db) => ({
  async insert(key: VersionKey, { id, model: _, kind, createdAt, ...body }: Assessment): Promise<void> {
    await db
      .insertInto('model_assessments')
      .values({ ...key, id, kind, body: json(body), created_at: createdAt })
      .execute();
  },

  /** Newest first. */
  async list(
    key: VersionKey,
    reference: string,
    limit: number,
    kind?: AssessmentKind,
  ): Promise<Assessment[]> {
    let query = db
      .selectFrom('model_assessments')
      .selectAll()
      .where('workspace', '=', key.workspace)
      .where('model', '=', key.model)
      .where('version', '=', key.version);
    if (kind !== undefined) query = query.where('kind', '=', kind);
    const rows = await query.orderBy('id', 'desc').limit(limit).execute();
    return rows.map((row) => ({
      id: row.id,
      model: reference,
      kind: row.kind as AssessmentKind,
      ...parseJson<Body>(row.body),
      createdAt: row.created_at,
    }));
  },

  async rename(workspace: string, model: string, to: string): Promise<void> {
    await sql`update model_assessments set model = ${to}
      where workspace = ${workspace} and model = ${model}`.execute(db);
  },
});
