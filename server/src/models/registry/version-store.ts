import type { Approval, ModelStage } from '@tidemill/contract';
import { sql } from 'kysely';
import { type Db, parseJson } from '../../adapters/db/db.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { toUri } from '../../base/references.ts';
import { type NewVersion, type StoredVersion, stages, type VersionFacts } from './rules.ts';
import { type FactRow, factColumns, toFacts, toRow, toVersion } from './version-rows.ts';

const namesAtOnce = 1000;
const versionsAtOnce = 500;

const allStages = sql.join(
  stages.map((stage) => sql`select ${sql.lit(stage)} as stage`),
  sql` union all `,
);

export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

export const versionStore = (db: Db) => {
  const ofModel = (workspace: string, model: string) =>
    db.selectFrom('model_versions').where('workspace', '=', workspace).where('model', '=', model);

  return {
    async insert(version: StoredVersion): Promise<void> {
      await db.insertInto('model_versions').values(toRow(version)).execute();
    },

    /** Who of the runs and logged models has versions: by id, with one of them. */
    async findOwners(workspace: string, ids: readonly string[]): Promise<Map<string, string>> {
      const rows = await db
        .selectFrom('model_versions')
        .select(['run_id', 'model_id', 'model', 'number'])
        .where('workspace', '=', workspace)
        .where((eb) => eb.or([eb('run_id', 'in', ids), eb('model_id', 'in', ids)]))
        .execute();
      return new Map(
        rows.flatMap(({ run_id, model_id, model, number }) =>
          [run_id, model_id].flatMap((id) =>
            id === null ? [] : [[id, toUri('model', model, number)] as const],
          ),
        ),
      );
    },

    /** Every blob that some version of any workspace has. */
    async listBlobs(): Promise<Set<string>> {
      const found = new Set<string>();
      let last = { workspace: '', model: '', number: 0 };
      for (;;) {
        const rows = await db
          .selectFrom('model_versions')
          .select(['workspace', 'model', 'number', 'files'])
          .where((eb) =>
            eb(
              eb.refTuple('workspace', 'model', 'number'),
              '>',
              eb.tuple(last.workspace, last.model, last.number),
            ),
          )
          .orderBy('workspace')
          .orderBy('model')
          .orderBy('number')
          .limit(versionsAtOnce)
          .execute();
        for (const { files } of rows)
          for (const { sha256 } of parseJson<StoredVersion['files']>(files)) found.add(sha256);
        last = rows.at(-1) ?? last;
        if (rows.length < versionsAtOnce) return found;
      }
    },

    async findSame(
      version: Pick<NewVersion, 'workspace' | 'model' | 'runId' | 'artifactPath' | 'digest'>,
    ): Promise<StoredVersion | null> {
      const row = await ofModel(version.workspace, version.model)
        .selectAll()
        .where('run_id', '=', version.runId)
        .where('artifact_path', '=', version.artifactPath)
        .where('digest', '=', version.digest)
        .orderBy('number')
        .limit(1)
        .executeTakeFirst();
      return row ? toVersion(row) : null;
    },

    async find(workspace: string, model: string, number: number): Promise<StoredVersion | null> {
      const row = await ofModel(workspace, model).selectAll().where('number', '=', number).executeTakeFirst();
      return row ? toVersion(row) : null;
    },

    async findFacts(workspace: string, model: string, number: number): Promise<VersionFacts | null> {
      const row = await ofModel(workspace, model)
        .select(factColumns)
        .where('number', '=', number)
        .executeTakeFirst();
      return row ? toFacts(row) : null;
    },

    /** Newest first. */
    async list(filter: {
      workspace: string;
      model: string;
      before: number | undefined;
      limit: number;
    }): Promise<StoredVersion[]> {
      let query = ofModel(filter.workspace, filter.model).selectAll();
      if (filter.before !== undefined) query = query.where('number', '<', filter.before);
      const rows = await query.orderBy('number', 'desc').limit(filter.limit).execute();
      return rows.map(toVersion);
    },

    async listByRun(workspace: string, runId: string): Promise<{ model: string; number: number }[]> {
      return db
        .selectFrom('model_versions')
        .select(['model', 'number'])
        .where('workspace', '=', workspace)
        .where('run_id', '=', runId)
        .orderBy('created_at')
        .execute();
    },

    async findLatest(workspace: string, model: string): Promise<number | null> {
      const row = await ofModel(workspace, model)
        .select((e) => e.fn.max('number').as('latest'))
        .executeTakeFirst();
      return row?.latest ?? null;
    },

    async listNumbers(workspace: string, model: string): Promise<number[]> {
      const rows = await ofModel(workspace, model).select('number').orderBy('number').execute();
      return rows.map((row) => row.number);
    },

    /** Per model and stage the version with the highest number. */
    async listLatest(workspace: string, models: readonly string[]): Promise<VersionFacts[]> {
      const found: VersionFacts[] = [];
      for (let from = 0; from < models.length; from += namesAtOnce) {
        const some = models.slice(from, from + namesAtOnce);
        const { rows } = await sql<FactRow>`
          select ${sql.join(factColumns.map((column) => sql.ref(`version.${column}`)))}
          from registered_models model cross join (${allStages}) each
          join model_versions version on version.workspace = model.workspace and version.model = model.name
            and version.number = (select max(number) from model_versions newest
              where newest.workspace = model.workspace and newest.model = model.name and newest.stage = each.stage)
          where model.workspace = ${workspace} and model.name in (${sql.join(some)})
          order by version.model, version.number`.execute(db);
        found.push(...rows.map(toFacts));
      }
      return found;
    },

    async setApproval(workspace: string, model: string, number: number, approval: Approval): Promise<void> {
      await db
        .updateTable('model_versions')
        .set({ approval })
        .where('workspace', '=', workspace)
        .where('model', '=', model)
        .where('number', '=', number)
        .execute();
    },

    async update(
      workspace: string,
      model: string,
      number: number,
      change: { description?: string; stage?: ModelStage; updated_at: number },
    ): Promise<void> {
      await db
        .updateTable('model_versions')
        .set(change)
        .where('workspace', '=', workspace)
        .where('model', '=', model)
        .where('number', '=', number)
        .execute();
    },

    /** Every other version at this stage becomes Archived; gives their numbers. */
    async archiveOthers(
      workspace: string,
      model: string,
      number: number,
      stage: ModelStage,
      now: number,
    ): Promise<number[]> {
      const rows = await db
        .updateTable('model_versions')
        .set({ stage: 'Archived', updated_at: now })
        .where('workspace', '=', workspace)
        .where('model', '=', model)
        .where('number', '!=', number)
        .where('stage', '=', stage)
        .returning('number')
        .execute();
      return rows.map((row) => row.number);
    },

    async delete(workspace: string, model: string, number: number): Promise<void> {
      for (const table of ['model_versions', 'model_version_tags'] as const)
        await db
          .deleteFrom(table)
          .where('workspace', '=', workspace)
          .where('model', '=', model)
          .where('number', '=', number)
          .execute();
    },

    async saveTags(
      workspace: string,
      model: string,
      number: number,
      tags: readonly KeyValue[],
    ): Promise<void> {
      if (tags.length === 0) return;
      await db
        .insertInto('model_version_tags')
        .values(tags.map(({ key, value }) => ({ workspace, model, number, key, value })))
        .onConflict((conflict) =>
          conflict
            .columns(['workspace', 'model', 'number', 'key'])
            .doUpdateSet((e) => ({ value: e.ref('excluded.value') })),
        )
        .execute();
    },

    async deleteTag(workspace: string, model: string, number: number, key: string): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('model_version_tags')
        .where('workspace', '=', workspace)
        .where('model', '=', model)
        .where('number', '=', number)
        .where('key', '=', key)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },

    /** Tags of the versions of these models whose numbers are within the range. */
    async listTags(workspace: string, models: readonly string[], range: NumberRange) {
      const found: (KeyValue & { readonly model: string; readonly number: number })[] = [];
      for (let from = 0; from < models.length; from += namesAtOnce) {
        const some = await db
          .selectFrom('model_version_tags')
          .select(['model', 'number', 'key', 'value'])
          .where('workspace', '=', workspace)
          .where('model', 'in', models.slice(from, from + namesAtOnce))
          .where('number', '>=', range.first)
          .where('number', '<=', range.last)
          .orderBy('key')
          .execute();
        for (const row of some) found.push(row);
      }
      return found;
    },
  };
};
