import { sql } from 'kysely';
import { epoch, required } from '../columns.ts';
import type { Migration, MigrationDb } from '../migrate.ts';

/** Entities, views and services in versions of one shape, and one row per word that the catalogue is searched for. */
export const migration: Migration = {
  name: '018-feature-catalogue',
  async up(db) {
    await createDefinitions(db);
    await createSearch(db);
    await moveViews(db);
    await db.schema.dropTable('feature_view_versions').execute();
    await db.schema.dropTable('feature_views').execute();
  },
};

async function createDefinitions(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('feature_definitions')
    .addColumn('workspace', 'text', required)
    .addColumn('kind', 'text', required)
    .addColumn('name', 'text', required)
    .addColumn('last_version', 'integer', required)
    .addColumn('updated_at', epoch, required)
    .addPrimaryKeyConstraint('feature_definitions_key', ['workspace', 'kind', 'name'])
    .execute();
  await db.schema
    .createTable('feature_definition_versions')
    .addColumn('workspace', 'text', required)
    .addColumn('kind', 'text', required)
    .addColumn('name', 'text', required)
    .addColumn('number', 'integer', required)
    .addColumn('meaning', 'text', required)
    .addColumn('about', 'text', required)
    .addColumn('created_at', epoch, required)
    .addColumn('created_by', 'text', required)
    .addPrimaryKeyConstraint('feature_definition_versions_key', ['workspace', 'kind', 'name', 'number'])
    .execute();
}

async function createSearch(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('feature_catalogue')
    .addColumn('workspace', 'text', required)
    .addColumn('kind', 'text', required)
    .addColumn('name', 'text', required)
    .addColumn('feature', 'text', required)
    .addColumn('title', 'text', required)
    .addColumn('words', 'text', required)
    .addColumn('entry', 'text', required)
    .addPrimaryKeyConstraint('feature_catalogue_key', ['workspace', 'kind', 'name', 'feature'])
    .execute();
}

interface OldView {
  workspace: string;
  view: string;
  number: number;
  description: string;
  sql: string;
  entity: string;
  event_time: string;
  created_time: string | null;
  ttl_days: number | null;
  features: string;
  datasets: string;
  created_at: number;
  created_by: string;
}

/** Types of keys were not kept before: `joinKeys` stays empty until a view is defined again. */
const meaningOf = (view: OldView): string =>
  JSON.stringify({
    sql: view.sql,
    entities: [],
    entity: JSON.parse(view.entity),
    joinKeys: [],
    eventTime: view.event_time,
    createdTime: view.created_time,
    ttlMs: view.ttl_days === null ? null : Math.max(1, Math.round(view.ttl_days * 86_400_000)),
    stream: null,
    aggregations: [],
    features: JSON.parse(view.features),
    datasets: JSON.parse(view.datasets),
  });

async function moveViews(db: MigrationDb): Promise<void> {
  await sql`insert into feature_definitions (workspace, kind, name, last_version, updated_at)
    select workspace, 'view', name, last_version, updated_at from feature_views`.execute(db);
  const { rows } = await sql<OldView>`select * from feature_view_versions`.execute(db);
  for (const view of rows)
    await sql`insert into feature_definition_versions
      (workspace, kind, name, number, meaning, about, created_at, created_by)
      values (${view.workspace}, 'view', ${view.view}, ${view.number}, ${meaningOf(view)},
        ${JSON.stringify({ description: view.description, owner: '', tags: {}, freshness: null, online: {} })},
        ${view.created_at}, ${view.created_by})`.execute(db);
  const latest = new Map<string, OldView>();
  for (const view of rows.toSorted((a, b) => a.number - b.number))
    latest.set(`${view.workspace}\n${view.view}`, view);
  for (const view of latest.values()) await addToSearch(db, view);
}

async function addToSearch(db: MigrationDb, view: OldView): Promise<void> {
  const features = JSON.parse(view.features) as { name: string; type: string }[];
  const keys = JSON.parse(view.entity) as string[];
  const datasets = JSON.parse(view.datasets) as string[];
  const common = { version: view.number, description: view.description, owner: '', tags: {} };
  const entries: [string, string, string, string[], object][] = [
    [
      'view',
      '',
      view.view,
      [view.view, view.description, ...keys, ...datasets, ...features.map(({ name }) => name)],
      { ...common, type: null },
    ],
    ...features.map(({ name, type }): [string, string, string, string[], object] => [
      'feature',
      name,
      name,
      [name, view.view, view.description, ...datasets],
      { ...common, type },
    ]),
  ];
  for (const [kind, feature, title, words, entry] of entries)
    await sql`insert into feature_catalogue (workspace, kind, name, feature, title, words, entry)
      values (${view.workspace}, ${kind}, ${view.view}, ${feature}, ${title.toLowerCase()},
        ${words.join('\n').toLowerCase()}, ${JSON.stringify(entry)})`.execute(db);
}
