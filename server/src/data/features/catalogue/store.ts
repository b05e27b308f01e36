import { type Db, insertRows, json, parseJson } from '../../../adapters/db/db.ts';
import type { CatalogueEntry, Definition, DefinitionKind } from './definition.ts';

const shownNames = 20;

/** Versions of entities, views and services, and the rows their catalogue is searched by. */
export const catalogueStore = (db: Db) => ({
  /** Creates the row of the name and, on PostgreSQL, locks it: versions of one name are made one by one. */
  async ensure(workspace: string, kind: DefinitionKind, name: string, now: number): Promise<void> {
    await db
      .insertInto('feature_definitions')
      .values({ workspace, kind, name, last_version: 0, updated_at: now })
      .onConflict((conflict) => conflict.columns(['workspace', 'kind', 'name']).doUpdateSet({ name }))
      .execute();
  },

  async takeNumber(workspace: string, kind: DefinitionKind, name: string, now: number): Promise<number> {
    const row = await db
      .updateTable('feature_definitions')
      .set((e) => ({ last_version: e('last_version', '+', 1), updated_at: now }))
      .where('workspace', '=', workspace)
      .where('kind', '=', kind)
      .where('name', '=', name)
      .returning('last_version')
      .executeTakeFirstOrThrow();
    return row.last_version;
  },

  async insertVersion(kind: DefinitionKind, definition: Definition<object, object>): Promise<void> {
    await db
      .insertInto('feature_definition_versions')
      .values({
        workspace: definition.workspace,
        kind,
        name: definition.name,
        number: definition.version,
        meaning: json(definition.meaning),
        about: json(definition.about),
        created_at: definition.createdAt,
        created_by: definition.createdBy,
      })
      .execute();
  },

  async setAbout(kind: DefinitionKind, definition: Definition<object, object>): Promise<void> {
    await db
      .updateTable('feature_definition_versions')
      .set({ about: json(definition.about) })
      .where('workspace', '=', definition.workspace)
      .where('kind', '=', kind)
      .where('name', '=', definition.name)
      .where('number', '=', definition.version)
      .execute();
  },

  async findVersion<M, A>(
    workspace: string,
    kind: DefinitionKind,
    name: string,
    number: number,
  ): Promise<Definition<M, A> | null> {
    const row = await versions(db, workspace, kind)
      .where('name', '=', name)
      .where('number', '=', number)
      .executeTakeFirst();
    return row ? toDefinition<M, A>(row) : null;
  },

  async findLatest<M, A>(
    workspace: string,
    kind: DefinitionKind,
    name: string,
  ): Promise<Definition<M, A> | null> {
    const row = await versions(db, workspace, kind)
      .where('name', '=', name)
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ? toDefinition<M, A>(row) : null;
  },

  /** The latest version of each name. */
  async list<M, A>(
    workspace: string,
    kind: DefinitionKind,
    after: string | undefined,
    limit: number,
  ): Promise<Definition<M, A>[]> {
    let query = versions(db, workspace, kind).where((e) =>
      e(
        'number',
        '=',
        e
          .selectFrom('feature_definition_versions as newest')
          .select((inner) => inner.fn.max('newest.number').as('number'))
          .where('newest.workspace', '=', workspace)
          .where('newest.kind', '=', kind)
          .whereRef('newest.name', '=', 'feature_definition_versions.name'),
      ),
    );
    if (after !== undefined) query = query.where('name', '>', after);
    return (await query.orderBy('name').limit(limit).execute()).map((row) => toDefinition<M, A>(row));
  },

  /** Newest first. */
  async listVersions<M, A>(
    workspace: string,
    kind: DefinitionKind,
    name: string,
    before: number | undefined,
    limit: number,
  ): Promise<Definition<M, A>[]> {
    let query = versions(db, workspace, kind).where('name', '=', name);
    if (before !== undefined) query = query.where('number', '<', before);
    const rows = await query.orderBy('number', 'desc').limit(limit).execute();
    return rows.map((row) => toDefinition<M, A>(row));
  },

  async listNames(workspace: string, kind: DefinitionKind): Promise<string[]> {
    const rows = await db
      .selectFrom('feature_definition_versions')
      .select('name')
      .distinct()
      .where('workspace', '=', workspace)
      .where('kind', '=', kind)
      .orderBy('name')
      .limit(shownNames)
      .execute();
    return rows.map((row) => row.name);
  },

  async listNumbers(workspace: string, kind: DefinitionKind, name: string): Promise<number[]> {
    const rows = await db
      .selectFrom('feature_definition_versions')
      .select('number')
      .where('workspace', '=', workspace)
      .where('kind', '=', kind)
      .where('name', '=', name)
      .execute();
    return rows.map((row) => row.number);
  },

  async deleteVersions(
    workspace: string,
    kind: DefinitionKind,
    name: string,
    numbers: readonly number[],
  ): Promise<void> {
    if (numbers.length === 0) return;
    await db
      .deleteFrom('feature_definition_versions')
      .where('workspace', '=', workspace)
      .where('kind', '=', kind)
      .where('name', '=', name)
      .where('number', 'in', numbers)
      .execute();
  },

  /** What the name and its features are found by, in place of what was there. */
  async replaceEntries(
    workspace: string,
    kind: DefinitionKind,
    name: string,
    entries: readonly CatalogueEntry[],
  ): Promise<void> {
    const kinds = kind === 'view' ? ['view', 'feature'] : [kind];
    await db
      .deleteFrom('feature_catalogue')
      .where('workspace', '=', workspace)
      .where('kind', 'in', kinds)
      .where('name', '=', name)
      .execute();
    if (entries.length === 0) return;
    await insertRows(
      db,
      'insert into feature_catalogue (workspace, kind, name, feature, title, words, entry)',
      entries.map((entry) => [
        workspace,
        entry.kind,
        name,
        entry.feature,
        entry.title.toLowerCase(),
        entry.words.join('\n').toLowerCase(),
        json(entry.shown),
      ]),
    );
  },
});

const versions = (db: Db, workspace: string, kind: DefinitionKind) =>
  db
    .selectFrom('feature_definition_versions')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('kind', '=', kind);

type VersionRow = Awaited<ReturnType<ReturnType<typeof versions>['execute']>>[number];

const toDefinition = <M, A>(row: VersionRow): Definition<M, A> => ({
  workspace: row.workspace,
  name: row.name,
  version: row.number,
  meaning: parseJson(row.meaning),
  about: parseJson(row.about),
  createdAt: row.created_at,
  createdBy: row.created_by,
});
