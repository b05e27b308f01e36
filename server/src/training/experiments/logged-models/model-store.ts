import type { LoggedModelStatus } from '@tidemill/contract';
import type { Db } from '../../../adapters/db/db.ts';
import type { KeyValue } from '../../../base/key-value.ts';
import { inPortions } from '../portions.ts';
import { listLocations, locationOf } from './location-store.ts';
import { modelMetricStore } from './metric-store.ts';
import { isLoggedModelId, type LoggedModelRecord, type LoggedModelState } from './rules.ts';

export interface LoggedModelRow {
  readonly id: string;
  readonly workspace: string;
  readonly experiment_id: number;
  readonly name: string;
  readonly model_type: string | null;
  readonly source_run_id: string | null;
  readonly status: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly deleted_at: number | null;
}

export interface NewLoggedModel {
  readonly id: string;
  readonly workspace: string;
  readonly experimentId: string;
  readonly name: string;
  readonly modelType: string | null;
  readonly sourceRunId: string | null;
  readonly actor: string;
  readonly createdAt: number;
}

const columns = [
  'id',
  'workspace',
  'experiment_id',
  'name',
  'model_type',
  'source_run_id',
  'status',
  'created_at',
  'updated_at',
  'deleted_at',
] as const;

export const loggedModelStore = (db: Db) => {
  const findRow = (workspace: string, id: string) =>
    db.selectFrom('logged_models').select(columns).where('id', '=', id).where('workspace', '=', workspace);

  const listTexts = (table: 'logged_model_parameters' | 'logged_model_tags', ids: readonly string[]) =>
    inPortions(ids, (portion) =>
      db
        .selectFrom(table)
        .select(['model_id', 'key', 'value'])
        .where('model_id', 'in', portion)
        .orderBy('model_id')
        .orderBy('key')
        .execute(),
    );

  /** Completes rows: four queries per thousand models, never one per model. */
  async function toRecords(rows: readonly LoggedModelRow[]): Promise<LoggedModelRecord[]> {
    const ids = rows.map(({ id }) => id);
    const parameters = Map.groupBy(
      await listTexts('logged_model_parameters', ids),
      ({ model_id }) => model_id,
    );
    const tags = Map.groupBy(await listTexts('logged_model_tags', ids), ({ model_id }) => model_id);
    const metrics = Map.groupBy(await modelMetricStore(db).listLatest(ids), ({ modelId }) => modelId);
    const locate = await listLocations(db, rows);
    return rows.map((row) => ({
      ...toState(row),
      artifactLocation: locate(row),
      modelType: row.model_type,
      sourceRunId: row.source_run_id,
      parameters: (parameters.get(row.id) ?? []).map(toKeyValue),
      tags: (tags.get(row.id) ?? []).map(toKeyValue),
      metrics: metrics.get(row.id) ?? [],
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    }));
  }

  return {
    toRecords,

    async find(workspace: string, id: string): Promise<LoggedModelRecord | null> {
      const row = await findRow(workspace, id).executeTakeFirst();
      return row ? ((await toRecords([row]))[0] ?? null) : null;
    },

    async findState(workspace: string, id: string): Promise<LoggedModelState | null> {
      const row = await findRow(workspace, id).executeTakeFirst();
      return row ? toState(row) : null;
    },

    async findSourceRun(workspace: string, id: string): Promise<string | null> {
      const query = db.selectFrom('logged_models').select('source_run_id').where('id', '=', id);
      const row = await query.where('workspace', '=', workspace).executeTakeFirst();
      return row?.source_run_id ?? null;
    },

    async findLocated(
      workspace: string,
      id: string,
    ): Promise<(LoggedModelState & Pick<LoggedModelRecord, 'artifactLocation'>) | null> {
      const location = locationOf('logged_models').as('location');
      const row = await findRow(workspace, id).select(location).executeTakeFirst();
      return row ? { ...toState(row), artifactLocation: row.location } : null;
    },

    /** Those of the ids that are there, deleted ones too. */
    async listKnown(workspace: string, ids: readonly string[]): Promise<Set<string>> {
      // What is no id is not there, and may be a text that a database does not take.
      const found = await inPortions(ids.filter(isLoggedModelId), (portion) =>
        db
          .selectFrom('logged_models')
          .select('id')
          .where('workspace', '=', workspace)
          .where('id', 'in', portion)
          .execute(),
      );
      return new Set(found.map(({ id }) => id));
    },

    async insert(model: NewLoggedModel): Promise<void> {
      await db
        .insertInto('logged_models')
        .values({
          id: model.id,
          workspace: model.workspace,
          experiment_id: Number(model.experimentId),
          name: model.name,
          model_type: model.modelType,
          source_run_id: model.sourceRunId,
          status: 'PENDING',
          actor: model.actor,
          created_at: model.createdAt,
          updated_at: model.createdAt,
          deleted_at: null,
        })
        .execute();
    },

    async setStatus(id: string, status: LoggedModelStatus, now: number): Promise<void> {
      await db.updateTable('logged_models').set({ status, updated_at: now }).where('id', '=', id).execute();
    },

    async setDeleted(id: string, at: number | null, now: number): Promise<void> {
      await db
        .updateTable('logged_models')
        .set({ deleted_at: at, updated_at: now })
        .where('id', '=', id)
        .execute();
    },

    /** Writes what is new and gives back those of the keys that were there already: they are not changed. */
    async insertParameters(id: string, parameters: readonly KeyValue[]): Promise<KeyValue[]> {
      if (parameters.length === 0) return [];
      const inserted = await db
        .insertInto('logged_model_parameters')
        .values(parameters.map(({ key, value }) => ({ model_id: id, key, value })))
        .onConflict((conflict) => conflict.doNothing())
        .returning('key')
        .execute();
      const isNew = new Set(inserted.map(({ key }) => key));
      const kept = parameters.map(({ key }) => key).filter((key) => !isNew.has(key));
      if (kept.length === 0) return [];
      return db
        .selectFrom('logged_model_parameters')
        .select(['key', 'value'])
        .where('model_id', '=', id)
        .where('key', 'in', kept)
        .execute();
    },

    async findTag(id: string, key: string): Promise<string | null> {
      const row = await db
        .selectFrom('logged_model_tags')
        .select('value')
        .where('model_id', '=', id)
        .where('key', '=', key)
        .executeTakeFirst();
      return row?.value ?? null;
    },

    /** Each key at most once in `tags`. */
    async saveTags(id: string, tags: readonly KeyValue[]): Promise<void> {
      if (tags.length === 0) return;
      await db
        .insertInto('logged_model_tags')
        .values(tags.map(({ key, value }) => ({ model_id: id, key, value })))
        .onConflict((conflict) =>
          conflict.columns(['model_id', 'key']).doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
        )
        .execute();
    },

    async deleteTag(id: string, key: string): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('logged_model_tags')
        .where('model_id', '=', id)
        .where('key', '=', key)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
};

const toState = (row: LoggedModelRow): LoggedModelState => ({
  id: row.id,
  experimentId: String(row.experiment_id),
  name: row.name,
  status: row.status as LoggedModelStatus,
  lifecycle: row.deleted_at === null ? 'active' : 'deleted',
});

const toKeyValue = ({ key, value }: KeyValue): KeyValue => ({ key, value });
