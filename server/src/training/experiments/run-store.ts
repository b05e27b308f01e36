import type { RunStatus } from '@tidemill/contract';
import { type Db, insertRows, kindOf, parseJson, runConstant, runForEach } from '../../adapters/db/db.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { listLocations, locationOf } from './logged-models/location-store.ts';
import { groupByRun, inPortions } from './portions.ts';
import type { LocatedRun, RecordedInput, RunRecord, RunState } from './rules.ts';
import { runModelStore } from './run-model-store.ts';

export interface RunRow {
  readonly id: string;
  readonly workspace: string;
  readonly experiment_id: number;
  readonly name: string;
  readonly status: string;
  readonly user_name: string;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly deleted_at: number | null;
}

export interface NewRun {
  readonly id: string;
  readonly workspace: string;
  readonly experimentId: string;
  readonly name: string;
  readonly user: string;
  readonly actor: string;
  readonly startedAt: number;
}

const columns = [
  'id',
  'workspace',
  'experiment_id',
  'name',
  'status',
  'user_name',
  'started_at',
  'ended_at',
  'deleted_at',
] as const;
type TextTable = 'run_parameters' | 'run_tags';

export const runStore = (db: Db) => {
  const findRow = (workspace: string, id: string) =>
    db.selectFrom('runs').select(columns).where('id', '=', id).where('workspace', '=', workspace);

  const listTexts = (table: TextTable, ids: readonly string[]) =>
    inPortions(ids, (portion) =>
      db
        .selectFrom(table)
        .select(['run_id', 'key', 'value'])
        .where('run_id', 'in', portion)
        .orderBy('run_id')
        .orderBy('key')
        .execute(),
    );

  const listMetrics = (ids: readonly string[]) =>
    inPortions(ids, (portion) =>
      db
        .selectFrom('run_metrics')
        .select(['run_id', 'key', 'value', 'is_nan', 'recorded_at', 'step'])
        .where('run_id', 'in', portion)
        .orderBy('run_id')
        .orderBy('key')
        .execute(),
    );

  const listInputs = async (ids: readonly string[]) => {
    const rows = await inPortions(ids, (portion) =>
      db
        .selectFrom('run_inputs')
        .innerJoin('input_datasets', 'input_datasets.id', 'run_inputs.dataset_id')
        .select([
          'run_id',
          'name',
          'digest',
          'source_type',
          'source',
          'schema',
          'profile',
          'tags',
          'reference',
        ])
        .where('run_id', 'in', portion)
        .orderBy('run_id')
        .orderBy('name')
        .orderBy('digest')
        .execute(),
    );
    return groupByRun(rows, toInput);
  };

  /** Completes rows: six queries per thousand runs, never one per run. */
  async function toRecords(rows: readonly RunRow[]): Promise<RunRecord[]> {
    const ids = rows.map(({ id }) => id);
    const parameters = groupByRun(await listTexts('run_parameters', ids), toKeyValue);
    const tags = groupByRun(await listTexts('run_tags', ids), toKeyValue);
    const metrics = groupByRun(await listMetrics(ids), (row) => ({
      key: row.key,
      value: row.is_nan ? Number.NaN : row.value,
      timestamp: row.recorded_at,
      step: row.step,
    }));
    const inputs = await listInputs(ids);
    const models = await runModelStore(db).list(ids);
    const locate = await listLocations(db, rows);
    return rows.map((row) => ({
      ...toState(row),
      artifactLocation: locate(row),
      parameters: parameters.get(row.id) ?? [],
      metrics: metrics.get(row.id) ?? [],
      tags: tags.get(row.id) ?? [],
      inputs: inputs.get(row.id) ?? [],
      ...(models.get(row.id) ?? { modelInputs: [], modelOutputs: [] }),
    }));
  }

  return {
    toRecords,
    listInputs,

    async findAll(workspace: string, ids: readonly string[]): Promise<RunRecord[]> {
      if (ids.length === 0) return [];
      const rows = await db
        .selectFrom('runs')
        .selectAll()
        .where('workspace', '=', workspace)
        .where('id', 'in', ids)
        .execute();
      return toRecords(rows);
    },

    async find(workspace: string, id: string): Promise<RunRecord | null> {
      const row = await findRow(workspace, id).executeTakeFirst();
      return row ? ((await toRecords([row]))[0] ?? null) : null;
    },

    async findState(workspace: string, id: string): Promise<RunState | null> {
      const row = await findRow(workspace, id).executeTakeFirst();
      return row ? toState(row) : null;
    },

    async findLocated(workspace: string, id: string): Promise<LocatedRun | null> {
      const row = await findRow(workspace, id).select(locationOf('runs').as('location')).executeTakeFirst();
      return row ? { ...toState(row), artifactLocation: row.location } : null;
    },

    async insert(run: NewRun): Promise<void> {
      const { id, workspace, name, user, actor, startedAt } = run;
      const row = [id, workspace, Number(run.experimentId), name, 'RUNNING', user, actor, startedAt];
      await insertRows(db, insertRun, [row]);
    },

    async update(
      id: string,
      change: { status: RunStatus; name: string; endedAt: number | null },
    ): Promise<void> {
      const { status, name, endedAt } = change;
      await db.updateTable('runs').set({ status, name, ended_at: endedAt }).where('id', '=', id).execute();
    },

    async setDeleted(id: string, at: number | null): Promise<void> {
      await db.updateTable('runs').set({ deleted_at: at }).where('id', '=', id).execute();
    },

    /** Those that are there. Locked ones wait for other transactions that lock them; ask in the order of ids. */
    async listStates(
      ids: readonly string[],
      isLocked: boolean,
    ): Promise<{ workspace: string; state: RunState }[]> {
      const rows =
        kindOf(db) === 'sqlite'
          ? await runForEach<RunRow>(
              db,
              sqliteState,
              ids.map((id) => [id]),
            )
          : await listStatesOnPostgres(db, ids, isLocked);
      return rows.map((row) => ({ workspace: row.workspace, state: toState(row) }));
    },

    async listParameters(id: string, keys: readonly string[]): Promise<KeyValue[]> {
      return db
        .selectFrom('run_parameters')
        .select(['key', 'value'])
        .where('run_id', '=', id)
        .where('key', 'in', keys)
        .execute();
    },

    /** Each key at most once, and none that the run has. */
    async insertParameters(id: string, parameters: readonly KeyValue[]): Promise<void> {
      const rows = parameters.map(({ key, value }) => [id, key, value]);
      await insertRows(db, 'insert into run_parameters (run_id, key, value)', rows);
    },

    async rename(id: string, name: string): Promise<void> {
      await db.updateTable('runs').set({ name }).where('id', '=', id).execute();
    },

    /** Each key at most once in `tags`. */
    async saveTags(id: string, tags: readonly KeyValue[]): Promise<void> {
      const rows = tags.map(({ key, value }) => [id, key, value]);
      await insertRows(db, 'insert into run_tags (run_id, key, value)', rows, replaceValue);
    },

    async deleteTag(id: string, key: string): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('run_tags')
        .where('run_id', '=', id)
        .where('key', '=', key)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
};

const insertRun =
  'insert into runs (id, workspace, experiment_id, name, status, user_name, actor, started_at)';
const replaceValue = 'on conflict (run_id, key) do update set value = excluded.value';
const sqliteState = `select ${columns.join(', ')} from runs where id = ?`;

const listStatesOnPostgres = (db: Db, ids: readonly string[], isLocked: boolean) =>
  runConstant<RunRow>(db, isLocked ? postgresLock : postgresStates, [ids]);

const postgresStates = `select ${columns.join(', ')} from runs where id = any($1::text[])`;
const postgresLock = `${postgresStates} order by id for no key update`;

export const toState = (row: RunRow): RunState => ({
  id: row.id,
  experimentId: String(row.experiment_id),
  name: row.name,
  status: row.status as RunStatus,
  lifecycle: row.deleted_at === null ? 'active' : 'deleted',
  user: row.user_name,
  startedAt: row.started_at,
  endedAt: row.ended_at,
});

const toKeyValue = ({ key, value }: KeyValue): KeyValue => ({ key, value });

const toInput = (row: {
  name: string;
  digest: string;
  source_type: string;
  source: string;
  schema: string | null;
  profile: string | null;
  tags: string;
  reference: string | null;
}): RecordedInput => ({
  name: row.name,
  digest: row.digest,
  sourceType: row.source_type,
  source: row.source,
  schema: row.schema,
  profile: row.profile,
  tags: parseJson<KeyValue[]>(row.tags),
  reference: row.reference,
});
