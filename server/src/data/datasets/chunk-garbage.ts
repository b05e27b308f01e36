import { type Db, transact } from '../../adapters/db/db.ts';
import { errors } from '../../base/errors.ts';
import { chunkStore } from './chunk-store.ts';
import type { ContentFiles } from './content-files.ts';
import { settingsStore } from './settings-store.ts';
import { datasetStore } from './store.ts';

const contentsAtOnce = 500;
const chunksAtOnce = 1_000;

/** Chunks of versions that were deleted. Their files are blobs like others: those go when nothing names them. */
export function createChunkGarbage({ db, files }: { readonly db: Db; readonly files: ContentFiles }) {
  async function chunkIds(digest: string): Promise<string[]> {
    return files.chunkIds(digest).catch((cause: unknown) => {
      throw errors.datasetManifestUnreadable({ digest }, cause);
    });
  }

  /** @throws datasetManifestUnreadable: what its version holds is not known then */
  async function heldChunks(): Promise<Set<string>> {
    const held = new Set<string>();
    let after = '';
    for (;;) {
      const digests = await datasetStore(db).listDigests(after, contentsAtOnce);
      const last = digests.at(-1);
      if (last === undefined) return held;
      for (const digest of digests) for (const id of await chunkIds(digest)) held.add(id);
      after = last;
    }
  }

  async function* unheld(): AsyncGenerator<string[]> {
    const held = await heldChunks();
    let after = '';
    for (;;) {
      const ids = await chunkStore(db).listIds(after, chunksAtOnce);
      const last = ids.at(-1);
      if (last === undefined) return;
      const unused = ids.filter((id) => !held.has(id));
      if (unused.length > 0) yield unused;
      after = last;
    }
  }

  return {
    /** What a collection would take. `before`: those that a commit named later stay. */
    async findUnusedChunks(before: number): Promise<Set<string>> {
      const found = new Set<string>();
      for await (const ids of unheld())
        for (const id of await chunkStore(db).findOlder(ids, before)) found.add(id);
      return found;
    },

    /** Takes them. A version that is committed meanwhile has named its chunks first, so none of them is as old. */
    async removeUnusedChunks(before: number): Promise<Set<string>> {
      const gone = new Set<string>();
      for await (const ids of unheld()) {
        const removed = await transact(db, (tx) => chunkStore(tx).deleteOlder(ids, before));
        for (const id of removed) gone.add(id);
      }
      await settingsStore(db).deleteUnusedKeys();
      if (gone.size > 0) files.forget();
      return gone;
    },
  };
}
