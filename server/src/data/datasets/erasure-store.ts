import type { DatasetVersion } from '@tidemill/contract';
import { type Db, parseJson } from '../../adapters/db/db.ts';
import { groupsOf } from '../../base/in-parallel.ts';
import { toUri } from '../../base/references.ts';
import type { StoredChunk } from './rules.ts';

const atOnce = 500;

export interface VersionPlace {
  readonly dataset: string;
  readonly number: number;
  readonly uri: string;
  readonly digest: string;
  readonly rows: number;
  readonly columns: DatasetVersion['columns'];
}

export interface NewContent {
  readonly digest: string;
  readonly rows: number;
  readonly bytes: number;
  readonly chunks: number;
}

export interface Tombstone extends VersionPlace {
  readonly workspace: string;
  readonly newDigest: string;
  readonly erasedRows: number;
  readonly erasure: string;
}

export const erasureStore = (db: Db) => ({
  /** All versions, in the order of their names and numbers, behind one. */
  async listPlaces(
    workspace: string,
    after: { readonly dataset: string; readonly number: number },
    limit: number,
  ): Promise<VersionPlace[]> {
    const rows = await db
      .selectFrom('dataset_versions')
      .select(['dataset', 'number', 'digest', 'row_count', 'columns'])
      .where('workspace', '=', workspace)
      .where((e) =>
        e.or([
          e('dataset', '>', after.dataset),
          e.and([e('dataset', '=', after.dataset), e('number', '>', after.number)]),
        ]),
      )
      .orderBy('dataset')
      .orderBy('number')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      dataset: row.dataset,
      number: row.number,
      uri: toUri('dataset', row.dataset, row.number),
      digest: row.digest,
      rows: row.row_count,
      columns: parseJson(row.columns),
    }));
  },

  /** Contents and their columns, of any workspace, behind one. */
  async listContents(
    after: string,
    limit: number,
  ): Promise<{ readonly digest: string; readonly columns: DatasetVersion['columns'] }[]> {
    const rows = await db
      .selectFrom('dataset_versions')
      .select((e) => ['digest', e.fn.max('columns').as('columns')])
      .groupBy('digest')
      .where('digest', '>', after)
      .orderBy('digest')
      .limit(limit)
      .execute();
    return rows.map(({ digest, columns }) => ({ digest, columns: parseJson(columns) }));
  },

  /** False where it has another content by now. */
  async replaceContent(
    workspace: string,
    { dataset, number, digest: old }: VersionPlace,
    { digest, rows, bytes, chunks }: NewContent,
  ): Promise<boolean> {
    const found = await db
      .updateTable('dataset_versions')
      .set({ digest, row_count: rows, bytes, chunk_count: chunks })
      .where('workspace', '=', workspace)
      .where('dataset', '=', dataset)
      .where('number', '=', number)
      .where('digest', '=', old)
      .returning('number')
      .execute();
    return found.length > 0;
  },

  async insertTombstone(tombstone: Tombstone, now: number): Promise<void> {
    const { workspace, dataset, number, digest, newDigest, erasedRows, erasure } = tombstone;
    await db
      .insertInto('dataset_erasures')
      .values({
        ...{ workspace, dataset, number, erasure },
        old_digest: digest,
        new_digest: newDigest,
        row_count: erasedRows,
        erased_at: now,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  },

  async listTombstones(workspace: string, dataset: string, number: number) {
    const rows = await db
      .selectFrom('dataset_erasures')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('dataset', '=', dataset)
      .where('number', '=', number)
      .orderBy('erased_at')
      .execute();
    return rows.map((row) => ({
      oldDigest: row.old_digest,
      newDigest: row.new_digest,
      rows: row.row_count,
      erasure: row.erasure,
      at: row.erased_at,
    }));
  },

  /** Numbers of the versions by dataset, in which this erasure found rows. */
  async listErased(erasure: string): Promise<Map<string, number[]>> {
    const rows = await db
      .selectFrom('dataset_erasures')
      .select(['dataset', 'number'])
      .where('erasure', '=', erasure)
      .execute();
    const byDataset = Map.groupBy(rows, ({ dataset }) => dataset);
    return new Map([...byDataset].map(([name, found]) => [name, found.map(({ number }) => number)]));
  },

  /** Chunks whose rows lie in any of the files. */
  async listChunksIn(blobs: readonly string[]): Promise<string[]> {
    const found = new Set<string>();
    for (const some of groupsOf(blobs, atOnce)) {
      const plain = await db.selectFrom('dataset_chunks').select('id').where('blob', 'in', some).execute();
      const parts = await db
        .selectFrom('dataset_chunk_sources')
        .select('chunk as id')
        .distinct()
        .where('blob', 'in', some)
        .execute();
      for (const { id } of [...plain, ...parts]) found.add(id);
    }
    return [...found];
  },

  /** The same rows elsewhere. False where the chunk is gone. */
  async moveChunk({ id, blob, bytes, delta }: StoredChunk): Promise<boolean> {
    const found = await db
      .updateTable('dataset_chunks')
      .set({ blob, bytes, runs: delta?.runs ?? null, damaged_at: null })
      .where('id', '=', id)
      .returning('id')
      .execute();
    if (found.length === 0) return false;
    await db.deleteFrom('dataset_chunk_sources').where('chunk', '=', id).execute();
    const rows = (delta?.sources ?? []).map((source, position) => ({ chunk: id, position, ...source }));
    if (rows.length > 0) await db.insertInto('dataset_chunk_sources').values(rows).execute();
    return true;
  },
});
