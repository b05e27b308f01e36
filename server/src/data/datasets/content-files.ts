import type { Column } from '@tidemill/contract';
import type { Analytics, RowChunk, RowFile } from '../../adapters/analytics/analytics.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Clock } from '../../base/clock.ts';
import { chunkStore } from './chunk-store.ts';
import { createDeltaChunks, type NewChunk } from './delta-chunks.ts';
import { createFreshChunks } from './fresh-chunks.ts';
import { createRowFiles } from './row-files.ts';
import { assertStorable, chunkId, type Manifest, manifestText, type StoredChunk } from './rules.ts';

/** The content of a version and where each of its chunks lies, both in row order. */
export interface Content {
  readonly digest: string;
  readonly manifest: Manifest;
  readonly stored: readonly StoredChunk[];
}

/** Content whose blobs are there and whose `fresh` chunks wait for their database rows. */
export interface StagedContent extends Content {
  readonly fresh: readonly StoredChunk[];
  /** Chunks of others that it counts on, for its rows or for those of the fresh ones: they must still be there. */
  readonly reused: readonly string[];
  /** What the fresh chunks take. The manifest is not counted: some 90 bytes per chunk. */
  readonly storedBytes: number;
}

export interface ContentDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly blobs: Blobs;
  readonly analytics: Analytics;
  /** For files that can be made again from blobs; its own. */
  readonly cacheFolder: string;
}

/** Rows that are to become content. */
export interface TypedRows {
  readonly path: string;
  /** Instead of `path`: the rows in several files, cut into chunks already. */
  readonly pieces?: { readonly files: readonly RowFile[]; readonly chunks: readonly RowChunk[] } | undefined;
  readonly columns: readonly Column[];
  /** For files in between; the caller removes it. */
  readonly folder: string;
  /** Whether `path` may be used up. */
  readonly mayMove: boolean;
  /** What comes before the rows. */
  readonly kept?: Content;
  /** What the rows may resemble: the version before. */
  readonly before?: Content | null;
}

/** Up to so many chunks, or this share of a table, are written as files of their own: a delta would have to be read twice. */
const plainChunks = 4;
const plainShare = 0.02;

/** Contents kept in memory: an append needs that of the version before, a query that of what it reads. */
const cachedContents = 32;
/** Of all of them together: some hundred bytes each. */
const cachedChunks = 200_000;

/**
 * Rows as chunks in blobs. A chunk that some version holds already is not written again, so a version costs what is
 * new in it. Blobs come first and the database row last: a crash in between leaves garbage, never half a version.
 */
export function createContentFiles(deps: ContentDependencies) {
  const { db, clock, blobs, analytics } = deps;
  const deltas = createDeltaChunks(deps);
  const freshChunks = createFreshChunks(deps);
  const rowFiles = createRowFiles(deps);
  const cache = new Map<string, Content>();

  function remember({ digest, manifest, stored }: Content): Content {
    const content = { digest, manifest, stored };
    cache.delete(digest);
    // What is damaged may be mended by anybody's commit.
    if (stored.some(({ isDamaged }) => isDamaged)) return content;
    cache.set(digest, content);
    let chunks = [...cache.values()].reduce((sum, each) => sum + each.stored.length, 0);
    for (const [oldest, { stored: those }] of cache) {
      if (oldest === digest || (cache.size <= cachedContents && chunks <= cachedChunks)) break;
      cache.delete(oldest);
      chunks -= those.length;
    }
    return content;
  }

  async function readManifest(digest: string): Promise<Manifest> {
    return JSON.parse(Buffer.from(await blobs.read(digest)).toString('utf8')) as Manifest;
  }

  async function read(digest: string): Promise<Content> {
    const manifest = await readManifest(digest);
    const ids = manifest.chunks.map((chunk) => chunkId(manifest.columns, chunk.digest));
    const found = await chunkStore(db).findChunks(ids);
    const stored = ids.map((id) => {
      const chunk = found.get(id);
      if (!chunk) throw new Error(`chunk ${id} of the manifest ${digest} is not in the database`);
      return chunk;
    });
    return { digest, manifest, stored };
  }

  /** By what differs from the version before, where many chunks do and most of their rows do not. */
  async function storeDeltas(
    { path, pieces, columns, folder, before }: TypedRows,
    missing: readonly NewChunk[],
    ids: readonly string[],
  ): Promise<{ made: StoredChunk[]; from: string[] }> {
    const few = Math.max(plainChunks, ids.length * plainShare);
    if (!before || pieces || missing.length <= few || !haveSameColumns(columns, before.manifest.columns))
      return { made: [], from: [] };
    const now = new Set(ids);
    const gone = new Map(
      before.stored.flatMap((chunk) => (now.has(chunk.id) || chunk.isDamaged ? [] : [[chunk.id, chunk]])),
    );
    const from = [...gone.keys()];
    await chunkStore(db).touch(from, clock.now());
    const made = await deltas.store({ path, columns, folder, chunks: missing, before: [...gone.values()] });
    return { made, from: made.length > 0 ? from : [] };
  }

  /** The chunks of one file; those nobody has yet are stored. */
  async function store(
    rows: TypedRows,
    chunks: readonly RowChunk[],
  ): Promise<Pick<StagedContent, 'stored' | 'fresh' | 'reused'>> {
    const ids = chunks.map((chunk) => chunkId(rows.columns, chunk.digest));
    const found = await chunkStore(db).findChunks(ids);
    const missing = new Map<string, NewChunk>();
    for (const [i, chunk] of chunks.entries()) {
      const id = ids[i] ?? '';
      // The first of equal ones, so that they are in the order of the file.
      const isStored = found.has(id) && !found.get(id)?.isDamaged;
      if (!isStored && !missing.has(id)) missing.set(id, { ...chunk, id });
    }
    const others = ids.filter((id) => !missing.has(id));
    await chunkStore(db).touch(others, clock.now());
    const { made, from } = await storeDeltas(rows, [...missing.values()], ids);
    const fresh = [...made];
    for (const { id } of fresh) missing.delete(id);
    const files = rows.pieces?.files ?? [{ path: rows.path, rows: endOf(chunks.at(-1)) }];
    fresh.push(...(await freshChunks.store({ ...rows, files }, [...missing.values()], chunks.length === 1)));
    for (const chunk of fresh) found.set(chunk.id, chunk);
    return { stored: ids.flatMap((id) => found.get(id) ?? []), fresh, reused: [...others, ...from] };
  }

  return {
    /** Puts the rows of a typed Parquet file, behind those of `kept`, into blobs. */
    async put(rows: TypedRows): Promise<StagedContent> {
      const { path, pieces, columns, kept, mayMove } = rows;
      assertStorable(columns);
      const { chunks } = pieces ?? (await analytics.digestFile(path));
      const { stored, fresh, reused } = await store(rows, chunks);
      if (!kept && !pieces) await rowFiles.adopt(stored, path, mayMove);
      const manifest: Manifest = {
        columns: columns.map(({ name, type }) => ({ name, type })),
        chunks: [...(kept?.manifest.chunks ?? []), ...chunks.map(({ digest, rows }) => ({ digest, rows }))],
      };
      const blob = await blobs.put(Buffer.from(manifestText(manifest)));
      const storedBytes = fresh.reduce((sum, { bytes }) => sum + bytes, 0);
      const all = [...(kept?.stored ?? []), ...stored];
      return { digest: blob.sha256, manifest, stored: all, fresh, reused, storedBytes };
    },

    remember,

    /** Of a manifest as it lies in its blob. */
    async chunkIds(digest: string): Promise<string[]> {
      const manifest = await readManifest(digest);
      return manifest.chunks.map((chunk) => chunkId(manifest.columns, chunk.digest));
    },

    /** Where something lies may have changed. */
    forget: (): void => cache.clear(),

    async get(digest: string): Promise<Content> {
      return remember(cache.get(digest) ?? (await read(digest)));
    },

    paths: rowFiles.paths,
    files: rowFiles.files,
    clearRowFiles: rowFiles.clear,
  };
}

const endOf = (chunk: RowChunk | undefined): number => (chunk ? chunk.start + chunk.rows : 0);

const haveSameColumns = (columns: readonly Column[], others: readonly Column[]): boolean =>
  columns.length === others.length &&
  columns.every(({ name, type }, i) => name === others[i]?.name && type === others[i]?.type);

export type ContentFiles = ReturnType<typeof createContentFiles>;
