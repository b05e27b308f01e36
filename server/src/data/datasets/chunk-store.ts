import type { Db } from '../../adapters/db/db.ts';
import type { DeltaSource, StoredChunk } from './rules.ts';

/** Far below the number of parameters either database takes. */
const batch = 1_000;

/** A commit that named a chunk so shortly ago need not write it down again. */
const recently = 10 * 60_000;

/** Where chunks lie. */
export const chunkStore = (db: Db) => ({
  async findChunks(ids: readonly string[]): Promise<Map<string, StoredChunk>> {
    const found = new Map<string, StoredChunk>();
    for (const part of batchesOf([...new Set(ids)])) {
      const rows = await db.selectFrom('dataset_chunks').selectAll().where('id', 'in', part).execute();
      const deltas = rows.filter(({ runs }) => runs !== null).map(({ id }) => id);
      const sources = await findSources(db, deltas);
      for (const { id, blob, row_count, bytes, runs, damaged_at } of rows) {
        const delta = runs === null ? null : { runs, sources: sources.get(id) ?? [] };
        const isDamaged = damaged_at !== null;
        const chunk = { id, blob, rows: row_count, bytes, ...(delta && { delta }) };
        found.set(id, isDamaged ? { ...chunk, isDamaged } : chunk);
      }
    }
    return found;
  },

  /** Says that a commit names them, so that they are not collected meanwhile. Gives back whether all of them are there. */
  async touch(ids: readonly string[], now: number): Promise<boolean> {
    let found = 0;
    const distinct = [...new Set(ids)].sort();
    for (const part of batchesOf(distinct)) {
      await db
        .updateTable('dataset_chunks')
        .set({ used_at: now })
        .where('id', 'in', part)
        .where('used_at', '<', now - recently)
        .execute();
      const rows = await db.selectFrom('dataset_chunks').select('id').where('id', 'in', part).execute();
      found += rows.length;
    }
    return found === distinct.length;
  },

  /** Ids behind `after`, in their order. */
  async listIds(after: string, limit: number): Promise<string[]> {
    const rows = await db
      .selectFrom('dataset_chunks')
      .select('id')
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map(({ id }) => id);
  },

  /** Those of the chunks that no commit named since then. */
  async findOlder(ids: readonly string[], before: number): Promise<string[]> {
    const rows = await db
      .selectFrom('dataset_chunks')
      .select('id')
      .where('id', 'in', ids)
      .where('used_at', '<', before)
      .execute();
    return rows.map(({ id }) => id);
  },

  /** The same, and they are gone; their files stay until nothing names them. */
  async deleteOlder(ids: readonly string[], before: number): Promise<string[]> {
    const rows = await db
      .deleteFrom('dataset_chunks')
      .where('id', 'in', ids)
      .where('used_at', '<', before)
      .returning('id')
      .execute();
    const gone = rows.map(({ id }) => id);
    if (gone.length > 0) await db.deleteFrom('dataset_chunk_sources').where('chunk', 'in', gone).execute();
    return gone;
  },

  async markDamaged(ids: readonly string[], now: number): Promise<void> {
    for (const part of batchesOf(ids))
      await db.updateTable('dataset_chunks').set({ damaged_at: now }).where('id', 'in', part).execute();
  },

  /**
   * In one order for all, so that two commits with chunks in common wait instead of deadlocking. Gives back whether
   * all of them were new: a chunk that another commit stored meanwhile stays as that one has it.
   */
  async saveChunks(chunks: readonly StoredChunk[], now: number): Promise<boolean> {
    const distinct = new Map(chunks.map((chunk) => [chunk.id, chunk]));
    const sorted = [...distinct.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    let saved = 0;
    await deleteDamaged(
      db,
      sorted.map(({ id }) => id),
    );
    for (const part of batchesOf(sorted)) {
      const rows = await db
        .insertInto('dataset_chunks')
        .values(
          part.map(({ id, blob, rows, bytes, delta }) => {
            return { id, blob, row_count: rows, bytes, runs: delta?.runs ?? null, used_at: now };
          }),
        )
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .execute();
      const isNew = new Set(rows.map(({ id }) => id));
      saved += isNew.size;
      await saveSources(
        db,
        part.filter(({ id }) => isNew.has(id)),
      );
    }
    return saved === sorted.length;
  },
});

/** Their rows are stored anew, so where they lay is of no use any more. */
async function deleteDamaged(db: Db, ids: readonly string[]): Promise<void> {
  for (const part of batchesOf(ids)) {
    const gone = await db
      .deleteFrom('dataset_chunks')
      .where('id', 'in', part)
      .where('damaged_at', 'is not', null)
      .returning('id')
      .execute();
    if (gone.length === 0) continue;
    const chunks = gone.map(({ id }) => id);
    await db.deleteFrom('dataset_chunk_sources').where('chunk', 'in', chunks).execute();
  }
}

async function findSources(db: Db, chunks: readonly string[]): Promise<Map<string, DeltaSource[]>> {
  const found = new Map<string, DeltaSource[]>();
  if (chunks.length === 0) return found;
  const rows = await db
    .selectFrom('dataset_chunk_sources')
    .selectAll()
    .where('chunk', 'in', chunks)
    .orderBy('chunk')
    .orderBy('position')
    .execute();
  for (const { chunk, blob, bytes, kind } of rows) {
    const source: DeltaSource = { blob, bytes, kind: kind === 'pack' || kind === 'segment' ? kind : 'chunk' };
    found.set(chunk, [...(found.get(chunk) ?? []), source]);
  }
  return found;
}

async function saveSources(db: Db, chunks: readonly StoredChunk[]): Promise<void> {
  const rows = chunks.flatMap(({ id, delta }) =>
    (delta?.sources ?? []).map(({ blob, bytes, kind }, position) => {
      return { chunk: id, position, blob, bytes, kind };
    }),
  );
  for (const part of batchesOf(rows)) await db.insertInto('dataset_chunk_sources').values(part).execute();
}

function* batchesOf<T>(items: readonly T[]): Generator<T[]> {
  for (let start = 0; start < items.length; start += batch) yield items.slice(start, start + batch);
}
