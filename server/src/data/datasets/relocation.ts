import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import { type Db, transact } from '../../adapters/db/db.ts';
import { newId } from '../../base/ids.ts';
import type { ContentFiles } from './content-files.ts';
import type { NewChunk } from './delta-chunks.ts';
import { erasureStore } from './erasure-store.ts';
import { createFreshChunks } from './fresh-chunks.ts';
import type { StoredChunk } from './rules.ts';
import type { SubjectRows } from './subject-rows.ts';

export interface RelocationDependencies {
  readonly db: Db;
  readonly analytics: Analytics;
  readonly blobs: Blobs;
  readonly files: ContentFiles;
  readonly tempFolder: string;
}

const contentsAtOnce = 500;

/** Chunks of versions, wherever they are, out of files that are to go: the same rows in files of their own. */
export function createRelocations(deps: RelocationDependencies) {
  const { db, files, tempFolder } = deps;
  const fresh = createFreshChunks(deps);

  async function* contents() {
    let after = '';
    for (;;) {
      const found = await erasureStore(db).listContents(after, contentsAtOnce);
      const last = found.at(-1);
      if (!last) return;
      yield* found;
      after = last.digest;
    }
  }

  /** Of the chunks in the files those that a version holds, with that version's columns. */
  async function* heldIn(doomed: readonly string[]) {
    const wanted = new Set(await erasureStore(db).listChunksIn(doomed));
    if (wanted.size === 0) return;
    for await (const { digest } of contents()) {
      const ids = await files.chunkIds(digest);
      if (!ids.some((id) => wanted.has(id))) continue;
      const { stored, manifest } = await files.get(digest);
      const chunks = new Map<string, NewChunk & { readonly stored: StoredChunk }>();
      let start = 0;
      for (const [i, chunk] of stored.entries()) {
        if (!wanted.has(chunk.id) || chunks.has(chunk.id)) continue;
        const found = { id: chunk.id, start, rows: chunk.rows, digest: manifest.chunks[i]?.digest ?? '' };
        chunks.set(chunk.id, { ...found, stored: chunk });
        start += chunk.rows;
        wanted.delete(chunk.id);
      }
      yield { columns: manifest.columns, chunks: [...chunks.values()] };
    }
  }

  /** Chunks that have rows of the subject and are held are another workspace's: they stay, and so does their file. */
  async function* cleanIn(doomed: readonly string[], rows: SubjectRows) {
    for await (const { columns, chunks } of heldIn(doomed)) {
      const counts = await rows.count(
        chunks.map(({ stored }) => stored),
        columns,
      );
      const clean = chunks.filter((_, i) => counts[i] === 0);
      if (clean.length > 0) yield { columns, chunks: clean };
    }
  }

  return {
    /** Of the chunks those that a version of any workspace holds. */
    async heldAmong(ids: ReadonlySet<string>): Promise<Set<string>> {
      const held = new Set<string>();
      for await (const { digest } of contents())
        for (const id of await files.chunkIds(digest)) if (ids.has(id)) held.add(id);
      return held;
    },

    /** Whether a version still takes rows from the files that are not the subject's. */
    async moveable(doomed: readonly string[], rows: SubjectRows): Promise<boolean> {
      files.forget();
      for await (const _ of cleanIn(doomed, rows)) return true;
      return false;
    },

    async moveOut(doomed: readonly string[], rows: SubjectRows): Promise<void> {
      files.forget();
      for await (const { columns, chunks } of cleanIn(doomed, rows)) {
        const folder = join(tempFolder, newId('relocation'));
        await mkdir(folder, { recursive: true });
        try {
          let start = 0;
          const wanted = chunks.map(({ stored: _, ...chunk }) => {
            const placed = { ...chunk, start };
            start += chunk.rows;
            return placed;
          });
          const from = await files.files(chunks.map(({ stored }) => stored));
          const moved = await fresh.store({ files: from, columns, mayMove: false, folder }, wanted, false);
          await transact(db, async (tx) => {
            for (const chunk of moved) await erasureStore(tx).moveChunk(chunk);
          });
          files.forget();
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      }
    },
  };
}
