import { join } from 'node:path';
import type { Column } from '@tidemill/contract';
import type { Analytics, RowChunk } from '../../adapters/analytics/analytics.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import type { Db } from '../../adapters/db/db.ts';
import { chunkId, type Manifest, manifestText, type StoredChunk } from './rules.ts';
import { datasetStore } from './store.ts';

/** The content of a version and where each of its chunks lies, both in row order. */
export interface Content {
  readonly digest: string;
  readonly manifest: Manifest;
  readonly stored: readonly StoredChunk[];
}

/** Content whose blobs are there and whose `fresh` chunks wait for their database rows. */
export interface StagedContent extends Content {
  readonly fresh: readonly StoredChunk[];
}

export interface ContentDependencies {
  readonly db: Db;
  readonly blobs: Blobs;
  readonly analytics: Analytics;
}

/** Contents kept in memory: an append needs that of the version before, a query that of what it reads. */
const cacheSize = 32;

/**
 * Rows as chunks in blobs. A chunk that some version holds already is not written again, so a version costs what is
 * new in it. Blobs come first and the database row last: a crash in between leaves garbage, never half a version.
 */
export function createContentFiles({ db, blobs, analytics }: ContentDependencies) {
  const cache = new Map<string, Content>();

  function remember({ digest, manifest, stored }: Content): Content {
    const content = { digest, manifest, stored };
    cache.delete(digest);
    cache.set(digest, content);
    const [oldest] = cache.keys();
    if (cache.size > cacheSize && oldest !== undefined) cache.delete(oldest);
    return content;
  }

  async function read(digest: string): Promise<Content> {
    const text = Buffer.from(await blobs.read(digest)).toString('utf8');
    const manifest = JSON.parse(text) as Manifest;
    const ids = manifest.chunks.map((chunk) => chunkId(manifest.columns, chunk.digest));
    const found = await datasetStore(db).findChunks(ids);
    const stored = ids.map((id) => {
      const chunk = found.get(id);
      if (!chunk) throw new Error(`chunk ${id} of the manifest ${digest} is not in the database`);
      return chunk;
    });
    return { digest, manifest, stored };
  }

  /** The chunks of one file; those nobody has yet go into blobs. `path` is used up if `mayMove`. */
  async function store(
    path: string,
    columns: readonly Column[],
    chunks: readonly RowChunk[],
    folder: string,
    mayMove: boolean,
  ): Promise<{ stored: StoredChunk[]; fresh: StoredChunk[] }> {
    const ids = chunks.map((chunk) => chunkId(columns, chunk.digest));
    const found = await datasetStore(db).findChunks(ids);
    const missing = [...new Map(chunks.map((chunk, i) => [ids[i] ?? '', chunk]))].filter(
      ([id]) => !found.has(id),
    );
    const isWhole = chunks.length === 1;
    const slices = missing.map(([id, { start, rows }]) => ({
      start,
      rows,
      to: join(folder, `${id}.parquet`),
    }));
    if (!isWhole && slices.length > 0) await analytics.splitFile(path, slices);
    const fresh: StoredChunk[] = [];
    for (const [i, [id, { rows }]] of missing.entries()) {
      const blob = isWhole
        ? await blobs.putFile(path, { move: mayMove })
        : await blobs.putFile(slices[i]?.to ?? '', { move: true });
      fresh.push({ id, blob: blob.sha256, rows, bytes: blob.size });
    }
    for (const chunk of fresh) found.set(chunk.id, chunk);
    return { stored: ids.flatMap((id) => found.get(id) ?? []), fresh };
  }

  return {
    /**
     * Puts the rows of a typed Parquet file, behind those of `kept`, into blobs.
     * `folder` is for files in between; the caller removes it.
     */
    async put(file: {
      path: string;
      columns: readonly Column[];
      folder: string;
      mayMove: boolean;
      kept?: Content;
    }): Promise<StagedContent> {
      const { chunks } = await analytics.digestFile(file.path);
      const { stored, fresh } = await store(file.path, file.columns, chunks, file.folder, file.mayMove);
      const kept = file.kept;
      const manifest: Manifest = {
        columns: file.columns.map(({ name, type }) => ({ name, type })),
        chunks: [...(kept?.manifest.chunks ?? []), ...chunks.map(({ digest, rows }) => ({ digest, rows }))],
      };
      const blob = await blobs.put(Buffer.from(manifestText(manifest)));
      return { digest: blob.sha256, manifest, stored: [...(kept?.stored ?? []), ...stored], fresh };
    },

    remember,

    async get(digest: string): Promise<Content> {
      return remember(cache.get(digest) ?? (await read(digest)));
    },

    paths: (chunks: readonly StoredChunk[]): Promise<string[]> =>
      Promise.all(chunks.map(({ blob }) => blobs.localPath(blob))),
  };
}

export type ContentFiles = ReturnType<typeof createContentFiles>;
