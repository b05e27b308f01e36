import type { Experiment } from '@tidemill/contract';
import { sql } from 'kysely';
import type { Db } from '../../adapters/db/db.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { toLocation } from './artifact-location.ts';
import { inPortions } from './portions.ts';

export interface ExperimentRow {
  readonly id: number;
  readonly name: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly deleted_at: number | null;
  readonly artifact_location: string | null;
}

const columns = ['id', 'name', 'created_at', 'updated_at', 'deleted_at', 'artifact_location'] as const;

/** Where a new experiment's files go: to a place of its own below the root, or where its client says. Null: our blobs. */
export interface NewLocation {
  readonly root: string | null;
  readonly explicit?: string | undefined;
}

/** Enough to decide whether it takes runs, and where their files go. */
export type ExperimentState = Pick<Experiment, 'name' | 'lifecycle' | 'artifactLocation'>;

export const experimentStore = (db: Db) => {
  const ofWorkspace = (workspace: string) =>
    db.selectFrom('experiments').select(columns).where('workspace', '=', workspace);

  /** Rows with their tags: one more query per thousand. */
  async function toExperiments(workspace: string, rows: readonly ExperimentRow[]): Promise<Experiment[]> {
    const numbers = rows.map(({ id }) => id);
    const tags = await inPortions(numbers, (portion) =>
      db
        .selectFrom('experiment_tags')
        .select(['experiment_id', 'key', 'value'])
        .where('workspace', '=', workspace)
        .where('experiment_id', 'in', portion)
        .orderBy('key')
        .execute(),
    );
    const byExperiment = Map.groupBy(tags, (tag) => tag.experiment_id);
    return rows.map((row) => toExperiment(row, byExperiment.get(row.id) ?? []));
  }

  /** Locks the workspace's first row until the transaction ends: two at once would count up to the same number. */
  const takeTurn = (workspace: string) =>
    db
      .updateTable('experiments')
      .set((eb) => ({ updated_at: eb.ref('updated_at') }))
      .where('workspace', '=', workspace)
      .where('id', '=', 0)
      .execute();

  const deletedAt = (workspace: string, id: number) =>
    db.selectFrom('experiments').select('deleted_at').where('workspace', '=', workspace).where('id', '=', id);

  return {
    toExperiments,

    async find(workspace: string, id: number): Promise<Experiment | null> {
      const row = await ofWorkspace(workspace).where('id', '=', id).executeTakeFirst();
      return row ? ((await toExperiments(workspace, [row]))[0] ?? null) : null;
    },

    /** Without its tags: enough to decide whether it takes runs. */
    async findState(workspace: string, id: number): Promise<ExperimentState | null> {
      const row = await ofWorkspace(workspace).where('id', '=', id).executeTakeFirst();
      return row ? toExperiment(row, []) : null;
    },

    async findByName(workspace: string, name: string): Promise<Experiment | null> {
      const row = await ofWorkspace(workspace).where('name', '=', name).executeTakeFirst();
      return row ? ((await toExperiments(workspace, [row]))[0] ?? null) : null;
    },

    /** Newest first, below `before`. */
    async listActive(workspace: string, limit: number, before?: number): Promise<Experiment[]> {
      let query = ofWorkspace(workspace).where('deleted_at', 'is', null).orderBy('id', 'desc').limit(limit);
      if (before !== undefined) query = query.where('id', '<', before);
      return toExperiments(workspace, await query.execute());
    },

    /** The new number, or null when the name is taken. Expects `Default` to be there. */
    async insert(
      workspace: string,
      name: string,
      now: number,
      { root, explicit }: NewLocation,
    ): Promise<number | null> {
      await takeTurn(workspace);
      const inserted = await sql<{ id: number }>`
        insert into experiments (workspace, id, name, created_at, updated_at, artifact_location)
        select ${workspace}, max(id) + 1, ${name}, cast(${now} as bigint), cast(${now} as bigint),
          coalesce(cast(${explicit ?? null} as text), cast(${root} as text) || '/' || cast(max(id) + 1 as text))
        from (
          select id from experiments where workspace = ${workspace}
          union all select last_id from experiment_numbers where workspace = ${workspace}
        ) as numbers having max(id) is not null
        on conflict do nothing returning id`.execute(db);
      return inserted.rows[0]?.id ?? null;
    },

    async insertDefault(workspace: string, name: string, now: number, root: string | null): Promise<void> {
      const artifact_location = root && `${root}/0`;
      await db
        .insertInto('experiments')
        .values({
          workspace,
          id: 0,
          name,
          created_at: now,
          updated_at: now,
          deleted_at: null,
          artifact_location,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },

    async rename(workspace: string, id: number, name: string, now: number): Promise<void> {
      await db
        .updateTable('experiments')
        .set({ name, updated_at: now })
        .where('workspace', '=', workspace)
        .where('id', '=', id)
        .execute();
    },

    /** Deletes (or restores) it and with it the runs and logged models that were not deleted before it. */
    async setDeleted(workspace: string, id: number, at: number | null, now: number): Promise<void> {
      for (const table of ['runs', 'logged_models'] as const) {
        const owned = db
          .updateTable(table)
          .set({ deleted_at: at })
          .where('workspace', '=', workspace)
          .where('experiment_id', '=', id);
        const met =
          at === null
            ? owned.where('deleted_at', '=', deletedAt(workspace, id))
            : owned.where('deleted_at', 'is', null);
        await met.execute();
      }
      await db
        .updateTable('experiments')
        .set({ deleted_at: at, updated_at: now })
        .where('workspace', '=', workspace)
        .where('id', '=', id)
        .execute();
    },

    async saveTags(workspace: string, id: number, tags: readonly KeyValue[]): Promise<void> {
      if (tags.length === 0) return;
      await db
        .insertInto('experiment_tags')
        .values(tags.map(({ key, value }) => ({ workspace, experiment_id: id, key, value })))
        .onConflict((conflict) =>
          conflict
            .columns(['workspace', 'experiment_id', 'key'])
            .doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
        )
        .execute();
    },

    async deleteTag(workspace: string, id: number, key: string): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('experiment_tags')
        .where('workspace', '=', workspace)
        .where('experiment_id', '=', id)
        .where('key', '=', key)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
};

function toExperiment(row: ExperimentRow, tags: readonly KeyValue[]): Experiment {
  return {
    id: String(row.id),
    name: row.name,
    lifecycle: row.deleted_at === null ? 'active' : 'deleted',
    artifactLocation: toLocation(row.id, row.artifact_location),
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
