import type { CiRecord, DeclaredTestCases, ModelTestCases, ScopeResult } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import { type Db, json, lockKey, parseJson, type Tx } from '../../adapters/db/db.ts';
import type { ModelTestsTables } from '../../adapters/db/tables/model-tests.ts';
import type { StoredTest } from './rules.ts';

interface VersionKey {
  readonly workspace: string;
  readonly model: string;
  readonly version: number;
}

export const pipelineStore = (db: Db) => {
  const tests = (workspace: string) =>
    db.selectFrom('model_tests').selectAll().where('workspace', '=', workspace);

  return {
    /** Until the transaction ends nobody else starts a test of the version. */
    lockVersion: ({ workspace, model, version }: VersionKey): Promise<void> =>
      lockKey(db as Tx, `model-test/${workspace}/${model}/${version}`),

    async saveCases(workspace: string, cases: DeclaredTestCases, actor: string): Promise<void> {
      const { model, updatedAt, ...definition } = cases;
      const row = { definition: json(definition), updated_at: updatedAt, updated_by: actor };
      await db
        .insertInto('model_test_cases')
        .values({ workspace, model, ...row })
        .onConflict((conflict) => conflict.columns(['workspace', 'model']).doUpdateSet(row))
        .execute();
    },

    async findCases(workspace: string, model: string): Promise<DeclaredTestCases | null> {
      const row = await db
        .selectFrom('model_test_cases')
        .select(['definition', 'updated_at'])
        .where('workspace', '=', workspace)
        .where('model', '=', model)
        .executeTakeFirst();
      if (!row) return null;
      const { features = [], acceptance = [] } = parseJson<ModelTestCases>(row.definition);
      return { model, features, acceptance, updatedAt: row.updated_at };
    },

    async insert(test: StoredTest): Promise<void> {
      const { createdAt, createdBy, finishedAt, scopes, ...rest } = test;
      const times = { created_at: createdAt, created_by: createdBy, finished_at: finishedAt };
      await db
        .insertInto('model_tests')
        .values({ ...rest, scopes: json(scopes), ...times })
        .execute();
    },

    async find(workspace: string, id: string): Promise<StoredTest | null> {
      const row = await tests(workspace).where('id', '=', id).executeTakeFirst();
      return row ? toStored(row) : null;
    },

    /** One of the version that has not ended. */
    async findOpen({ workspace, model, version }: VersionKey): Promise<StoredTest | null> {
      const row = await tests(workspace)
        .where('model', '=', model)
        .where('version', '=', version)
        .where('state', 'in', ['queued', 'running'])
        .limit(1)
        .executeTakeFirst();
      return row ? toStored(row) : null;
    },

    /** Newest first. */
    async list(
      { workspace, model, version }: VersionKey,
      before: string | undefined,
      limit: number,
    ): Promise<StoredTest[]> {
      let query = tests(workspace).where('model', '=', model).where('version', '=', version);
      if (before !== undefined) query = query.where('id', '<', before);
      return (await query.orderBy('id', 'desc').limit(limit).execute()).map(toStored);
    },

    /** False when it had ended: nobody overwrites an end. */
    async update(
      workspace: string,
      id: string,
      change: {
        readonly state: StoredTest['state'];
        readonly scopes?: readonly ScopeResult[];
        readonly error?: string | null;
        readonly finishedAt?: number;
      },
    ): Promise<boolean> {
      const { state, scopes, error, finishedAt } = change;
      const { numUpdatedRows } = await db
        .updateTable('model_tests')
        .set({
          state,
          ...(scopes !== undefined && { scopes: json(scopes) }),
          ...(error !== undefined && { error }),
          ...(finishedAt !== undefined && { finished_at: finishedAt }),
        })
        .where('workspace', '=', workspace)
        .where('id', '=', id)
        .where('state', 'in', ['queued', 'running'])
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },

    async insertCi(workspace: string, record: CiRecord): Promise<void> {
      const { commit, name, status, url, createdAt, createdBy } = record;
      const times = { created_at: createdAt, created_by: createdBy };
      await db
        .insertInto('ci_records')
        .values({ workspace, commit_hash: commit, name, status, url, ...times })
        .execute();
    },

    /** Newest first. */
    async listCi(filter: {
      readonly workspace: string;
      readonly commit?: string | undefined;
      readonly before?: number | undefined;
      readonly limit: number;
    }): Promise<(CiRecord & { readonly seq: number })[]> {
      let query = db.selectFrom('ci_records').selectAll().where('workspace', '=', filter.workspace);
      if (filter.commit !== undefined) query = query.where('commit_hash', '=', filter.commit);
      if (filter.before !== undefined) query = query.where('seq', '<', filter.before);
      const rows = await query.orderBy('seq', 'desc').limit(filter.limit).execute();
      return rows.map(({ seq, commit_hash, name, status, url, created_at, created_by }) => ({
        ...{ seq, commit: commit_hash, name, status: status as CiRecord['status'], url },
        ...{ createdAt: created_at, createdBy: created_by },
      }));
    },

    /** Cases that were declared under the new name before stay. */
    async rename(workspace: string, model: string, to: string): Promise<void> {
      const there = await this.findCases(workspace, to);
      if (!there)
        await db
          .updateTable('model_test_cases')
          .set({ model: to })
          .where('workspace', '=', workspace)
          .where('model', '=', model)
          .execute();
      await db
        .updateTable('model_tests')
        .set({ model: to })
        .where('workspace', '=', workspace)
        .where('model', '=', model)
        .execute();
    },
  };
};

const toStored = ({
  created_at,
  created_by,
  finished_at,
  state,
  scopes,
  ...row
}: Selectable<ModelTestsTables['model_tests']>): StoredTest => ({
  ...row,
  state: state as StoredTest['state'],
  scopes: parseJson(scopes),
  createdAt: created_at,
  createdBy: created_by,
  finishedAt: finished_at,
});
