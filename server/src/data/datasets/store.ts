import type { Dataset, DatasetVersion } from '@tidemill/contract';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import { groupsOf } from '../../base/in-parallel.ts';
import { formatReference, toUri } from '../../base/references.ts';

export type NewVersion = Omit<DatasetVersion, 'reference' | 'uri' | 'tags'> & { readonly workspace: string };

/** Names shown when one is not found. */
const shownNames = 20;

export const datasetStore = (db: Db) => ({
  async findDataset(workspace: string, name: string): Promise<Dataset | null> {
    const row = await datasets(db, workspace).where('d.name', '=', name).executeTakeFirst();
    return row ? toDataset(row) : null;
  },

  /** Those of the blobs that hold rows or manifests, of any workspace, without those that only doomed chunks name. */
  async usedBlobs(ids: readonly string[], doomed: ReadonlySet<string> = new Set()): Promise<string[]> {
    const chunks = await db
      .selectFrom('dataset_chunks')
      .select(['id as chunk', 'blob'])
      .where('blob', 'in', ids)
      .execute();
    const sources = await db
      .selectFrom('dataset_chunk_sources')
      .select(['chunk', 'blob'])
      .where('blob', 'in', ids)
      .distinct()
      .execute();
    const manifests = await db
      .selectFrom('dataset_versions')
      .select('digest')
      .where('digest', 'in', ids)
      .execute();
    const named = [...chunks, ...sources].filter(({ chunk }) => !doomed.has(chunk));
    return [...named.map(({ blob }) => blob), ...manifests.map(({ digest }) => digest)];
  },

  /** Every content that a version has, of any workspace, behind `after`. */
  async listDigests(after: string, limit: number): Promise<string[]> {
    const rows = await db
      .selectFrom('dataset_versions')
      .select('digest')
      .distinct()
      .where('digest', '>', after)
      .orderBy('digest')
      .limit(limit)
      .execute();
    return rows.map(({ digest }) => digest);
  },

  async listDatasets(
    workspace: string,
    { after, madeBy }: { after: string | undefined; madeBy: string | undefined },
    limit: number,
  ): Promise<Dataset[]> {
    let query = datasets(db, workspace);
    if (after !== undefined) query = query.where('d.name', '>', after);
    if (madeBy !== undefined) query = query.where('v.made_by', '=', madeBy);
    return (await query.orderBy('d.name').limit(limit).execute()).map(toDataset);
  },

  async listNames(workspace: string): Promise<string[]> {
    const rows = await datasets(db, workspace).orderBy('d.name').limit(shownNames).execute();
    return rows.map((row) => row.name);
  },

  /** Creates or revives the row and, on PostgreSQL, locks it: from here on versions of the dataset come one by one. */
  async ensureDataset(workspace: string, name: string, now: number): Promise<void> {
    await db
      .insertInto('datasets')
      .values({
        workspace,
        name,
        description: '',
        row_key: null,
        last_version: 0,
        created_at: now,
        updated_at: now,
        deleted_at: null,
      })
      .onConflict((conflict) => conflict.columns(['workspace', 'name']).doUpdateSet({ deleted_at: null }))
      .execute();
  },

  /** The next number of a dataset that `ensureDataset` has locked. */
  async takeNumber(workspace: string, name: string, now: number): Promise<number> {
    const row = await db
      .updateTable('datasets')
      .set((e) => ({ last_version: e('last_version', '+', 1), updated_at: now }))
      .where('workspace', '=', workspace)
      .where('name', '=', name)
      .returning('last_version')
      .executeTakeFirstOrThrow();
    return row.last_version;
  },

  async insertVersion(version: NewVersion): Promise<void> {
    await db
      .insertInto('dataset_versions')
      .values({
        workspace: version.workspace,
        dataset: version.dataset,
        number: version.version,
        digest: version.digest,
        row_count: version.rows,
        bytes: version.bytes,
        stored_bytes: version.storedBytes,
        chunk_count: version.chunks,
        columns: json(version.columns),
        parent: version.parent,
        message: version.message,
        provenance: json(version.provenance),
        made_by: version.provenance.kind,
        validation: version.validation,
        created_at: version.createdAt,
        created_by: version.createdBy,
      })
      .execute();
  },

  async findVersion(workspace: string, dataset: string, number: number): Promise<DatasetVersion | null> {
    const row = await versions(db, workspace, dataset).where('number', '=', number).executeTakeFirst();
    return row ? withTags(db, workspace, row) : null;
  },

  /** Those of them that are there, without their tags. */
  async findVersions(
    workspace: string,
    wanted: readonly { readonly dataset: string; readonly number: number }[],
  ): Promise<DatasetVersion[]> {
    const found: DatasetVersion[] = [];
    const numbered = wanted.filter(({ number }) => Number.isSafeInteger(number));
    for (const some of groupsOf(numbered, 500)) {
      const rows = await db
        .selectFrom('dataset_versions')
        .selectAll()
        .where('workspace', '=', workspace)
        .where((e) => e.or(some.map(({ dataset, number }) => e.and({ dataset, number }))))
        .execute();
      found.push(...rows.map((row) => toVersion(row, [])));
    }
    return found;
  },

  async findLatest(workspace: string, dataset: string): Promise<DatasetVersion | null> {
    const row = await versions(db, workspace, dataset).orderBy('number', 'desc').executeTakeFirst();
    return row ? withTags(db, workspace, row) : null;
  },

  /** The latest of those that were there at that instant. */
  async findAsOf(workspace: string, dataset: string, time: number): Promise<DatasetVersion | null> {
    const row = await versions(db, workspace, dataset)
      .where('created_at', '<=', time)
      .orderBy('number', 'desc')
      .executeTakeFirst();
    return row ? withTags(db, workspace, row) : null;
  },

  async findFirst(workspace: string, dataset: string): Promise<DatasetVersion | null> {
    const row = await versions(db, workspace, dataset).orderBy('number').executeTakeFirst();
    return row ? withTags(db, workspace, row) : null;
  },

  async findTagged(workspace: string, dataset: string, tag: string): Promise<DatasetVersion | null> {
    const row = await versions(db, workspace, dataset)
      .where((e) =>
        e(
          'number',
          '=',
          e
            .selectFrom('dataset_tags')
            .select('number')
            .where('workspace', '=', workspace)
            .where('dataset', '=', dataset)
            .where('tag', '=', tag),
        ),
      )
      .executeTakeFirst();
    return row ? withTags(db, workspace, row) : null;
  },

  async listVersions(
    workspace: string,
    dataset: string,
    before: number | undefined,
    limit: number,
  ): Promise<DatasetVersion[]> {
    let query = versions(db, workspace, dataset);
    if (before !== undefined) query = query.where('number', '<', before);
    const rows = await query.orderBy('number', 'desc').limit(limit).execute();
    const tags = await findTags(
      db,
      workspace,
      dataset,
      rows.map((row) => row.number),
    );
    return rows.map((row) => toVersion(row, tags.get(row.number) ?? []));
  },

  async countMadeBy(
    workspace: string,
    dataset: string,
    kind: string,
    after: number,
    until: number,
  ): Promise<number> {
    const row = await db
      .selectFrom('dataset_versions')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('workspace', '=', workspace)
      .where('dataset', '=', dataset)
      .where('made_by', '=', kind)
      .where('number', '>', after)
      .where('number', '<=', until)
      .executeTakeFirstOrThrow();
    return Number(row.count);
  },

  async setValidation(
    workspace: string,
    dataset: string,
    number: number,
    validation: DatasetVersion['validation'],
  ): Promise<void> {
    await db
      .updateTable('dataset_versions')
      .set({ validation })
      .where('workspace', '=', workspace)
      .where('dataset', '=', dataset)
      .where('number', '=', number)
      .execute();
  },

  async setTag(workspace: string, dataset: string, tag: string, number: number): Promise<void> {
    await db
      .insertInto('dataset_tags')
      .values({ workspace, dataset, tag, number })
      .onConflict((conflict) => conflict.columns(['workspace', 'dataset', 'tag']).doUpdateSet({ number }))
      .execute();
  },
});

const datasets = (db: Db, workspace: string) =>
  db
    .selectFrom('datasets as d')
    .innerJoin('dataset_versions as v', (join) =>
      join
        .onRef('v.workspace', '=', 'd.workspace')
        .onRef('v.dataset', '=', 'd.name')
        // Not the last number that was given: that version may have been deleted.
        .on((e) =>
          e(
            'v.number',
            '=',
            e
              .selectFrom('dataset_versions as newest')
              .select((each) => each.fn.max('newest.number').as('number'))
              .whereRef('newest.workspace', '=', 'd.workspace')
              .whereRef('newest.dataset', '=', 'd.name'),
          ),
        ),
    )
    .select([
      'd.name',
      'd.description',
      'd.row_key',
      'd.created_at',
      'v.provenance',
      'd.updated_at',
      'v.number',
      'v.row_count',
      'v.bytes',
    ])
    .where('d.workspace', '=', workspace)
    .where('d.deleted_at', 'is', null);

const versions = (db: Db, workspace: string, dataset: string) =>
  db
    .selectFrom('dataset_versions')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('dataset', '=', dataset)
    .limit(1);

type DatasetRow = Awaited<ReturnType<ReturnType<typeof datasets>['execute']>>[number];
type VersionRow = Awaited<ReturnType<ReturnType<typeof versions>['execute']>>[number];

async function findTags(
  db: Db,
  workspace: string,
  dataset: string,
  numbers: readonly number[],
): Promise<Map<number, string[]>> {
  const tags = new Map<number, string[]>();
  if (numbers.length === 0) return tags;
  const rows = await db
    .selectFrom('dataset_tags')
    .select(['tag', 'number'])
    .where('workspace', '=', workspace)
    .where('dataset', '=', dataset)
    .where('number', 'in', numbers)
    .orderBy('tag')
    .execute();
  for (const row of rows) tags.set(row.number, [...(tags.get(row.number) ?? []), row.tag]);
  return tags;
}

async function withTags(db: Db, workspace: string, row: VersionRow): Promise<DatasetVersion> {
  const tags = await findTags(db, workspace, row.dataset, [row.number]);
  return toVersion(row, tags.get(row.number) ?? []);
}

const toDataset = (row: DatasetRow): Dataset => {
  const { kind, inputs } = parseJson<DatasetVersion['provenance']>(row.provenance);
  return {
    name: row.name,
    description: row.description,
    key: row.row_key === null ? [] : parseJson(row.row_key),
    latestVersion: row.number,
    madeBy: kind,
    inputs,
    rows: row.row_count,
    bytes: row.bytes,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
};

const toVersion = (row: VersionRow, tags: string[]): DatasetVersion => ({
  dataset: row.dataset,
  version: row.number,
  reference: formatReference(row.dataset, row.number),
  uri: toUri('dataset', row.dataset, row.number),
  digest: row.digest,
  rows: row.row_count,
  bytes: row.bytes,
  storedBytes: row.stored_bytes,
  chunks: row.chunk_count,
  columns: parseJson(row.columns),
  parent: row.parent,
  message: row.message,
  tags,
  validation: row.validation as DatasetVersion['validation'],
  provenance: parseJson(row.provenance),
  createdAt: row.created_at,
  createdBy: row.created_by,
});
