import { createHash } from 'node:crypto';
import { copyFile, open, rename } from 'node:fs/promises';
import type { Analytics, ColumnHead, RowFile } from '../../adapters/analytics/analytics.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import { type FileCache, openFileCache } from '../../base/file-cache.ts';
import { inParallel } from '../../base/in-parallel.ts';
import { localPaths, rowsAtOnce, scatteredOf, toPiece } from './delta-chunks.ts';
import { type DeltaSource, type StoredChunk, sourcesOf } from './rules.ts';
import { candidates, type Stretch, stretchesOf } from './whole-segments.ts';

export interface RowFilesDependencies {
  readonly blobs: Blobs;
  readonly analytics: Analytics;
  /** For files that can be made again from blobs. */
  readonly cacheFolder: string;
}

const gigabyte = 2 ** 30;
/** A file stays for an hour after it was last asked for: whoever got its path may open it late. */
const cacheLimits = { maxBytes: 8 * gigabyte, maxFiles: 4_096, keepMs: 3_600_000 };
/** Chunks put together in one file. */
const mostChunks = 64;
/** Segments whose rows are remembered. */
const mostSegments = 10_000;
/** Files made at once, so that requests of others find a connection. */
const atOnce = 2;

/** Chunks as plain Parquet files: their own, or made from the runs of a delta and kept on the disk for a while. */
export function createRowFiles({ blobs, analytics, cacheFolder }: RowFilesDependencies) {
  let opened: Promise<FileCache> | undefined;
  const segmentRows = new Map<string, number>();
  const cache = (): Promise<FileCache> => (opened ??= openFileCache({ folder: cacheFolder, ...cacheLimits }));

  async function make(
    chunks: readonly StoredChunk[],
    columns: readonly ColumnHead[],
    to: string,
  ): Promise<void> {
    const paths = await localPaths(blobs, sourcesOf(chunks));
    await analytics.gatherRows({ rows: scatteredOf(chunks.map(toPiece), columns, paths), to });
    await syncFile(to);
  }

  async function pathOf(group: readonly StoredChunk[], columns: readonly ColumnHead[]): Promise<string> {
    const [first] = group;
    if (first && !first.delta) return blobs.localPath(first.blob);
    const file = await (await cache()).take(keyOf(group), (to) => make(group, columns, to));
    file.release();
    return file.path;
  }

  /** Rows of segments that the chunks may take as a whole, from their footers. */
  async function countCandidates(chunks: readonly StoredChunk[]): Promise<ReadonlyMap<string, number>> {
    const wanted = candidates(chunks);
    const unknown = wanted.filter((blob) => !segmentRows.has(blob));
    const paths = await Promise.all(unknown.map((blob) => blobs.localPath(blob)));
    const counts = await analytics.countRows(paths);
    for (const [i, blob] of unknown.entries()) segmentRows.set(blob, counts[i] ?? 0);
    const found = new Map(wanted.map((blob) => [blob, segmentRows.get(blob) ?? 0]));
    if (segmentRows.size > mostSegments) segmentRows.clear();
    return found;
  }

  const wholeOf = async ({ whole, rows }: { whole: DeltaSource; rows: number }): Promise<RowFile> => {
    return { path: await blobs.localPath(whole.blob), rows };
  };

  /** Plain Parquet files that give the rows of the chunks, in order, and how many each holds. */
  async function files(chunks: readonly StoredChunk[]): Promise<RowFile[]> {
    if (!chunks.some(({ delta }) => delta))
      return Promise.all(chunks.map(async ({ blob, rows }) => ({ path: await blobs.localPath(blob), rows })));
    const whole = await (await cache()).find(keyOf(chunks));
    whole?.release();
    if (whole) return [{ path: whole.path, rows: rowsIn(chunks) }];
    const stretches = stretchesOf(chunks, await countCandidates(chunks));
    const { columns } = await analytics.describeFile(await blobs.localPath(chunks[0]?.blob ?? ''));
    return inParallel(groupsOf(stretches, rowsAtOnce(columns)), atOnce, async (group) =>
      'whole' in group
        ? wholeOf(group)
        : { path: await pathOf(group.chunks, columns), rows: rowsIn(group.chunks) },
    );
  }

  return {
    files,

    /** Those of the files made here that are doomed. */
    clear: async (isDoomed: (path: string) => Promise<boolean>): Promise<void> =>
      (await cache()).clear(isDoomed),

    /** Plain Parquet files that give the rows of the chunks, in order. */
    paths: async (chunks: readonly StoredChunk[]): Promise<string[]> =>
      (await files(chunks)).map(({ path }) => path),

    /** Takes a file that holds exactly the rows of the chunks, if it will be wanted; it is gone then, unless it must stay. */
    async adopt(chunks: readonly StoredChunk[], path: string, mayMove: boolean): Promise<void> {
      if (!chunks.some(isScattered)) return;
      const file = await (await cache()).take(keyOf(chunks), async (to) => {
        await (mayMove ? rename(path, to) : copyFile(path, to));
        await syncFile(to);
      });
      file.release();
    },
  };
}

/** Files of the cache outlive a restart, so they must outlive a power cut whole. */
async function syncFile(path: string): Promise<void> {
  const file = await open(path);
  await file.sync().finally(() => file.close());
}

const isScattered = ({ delta }: StoredChunk): boolean =>
  delta?.sources.some(({ kind }) => kind !== 'segment') ?? false;

const rowsIn = (chunks: readonly StoredChunk[]): number => chunks.reduce((sum, { rows }) => sum + rows, 0);

const keyOf = (chunks: readonly StoredChunk[]): string =>
  createHash('sha256')
    .update(chunks.map(({ id }) => id).join())
    .digest('hex');

/** Where a group may end is told by the chunk's own id, so versions that share chunks share files of them. */
const isBorder = ({ id }: StoredChunk): boolean => Number.parseInt(id.slice(0, 2), 16) < 8;

interface Group {
  readonly chunks: StoredChunk[];
}

/** A file that is read as it is stands for itself, and so does a chunk with a file of its own. */
function groupsOf(
  stretches: readonly Stretch[],
  mostRows: number,
): (Group | { whole: DeltaSource; rows: number })[] {
  const groups: (Group | { whole: DeltaSource; rows: number })[] = [];
  let open: Group | undefined;
  let rows = 0;
  for (const stretch of stretches) {
    if (stretch.whole) {
      groups.push(stretch);
      open = undefined;
      continue;
    }
    const { chunk } = stretch;
    const last = open?.chunks.at(-1);
    const goesOn =
      chunk.delta &&
      last?.delta &&
      !isBorder(last) &&
      rows + chunk.rows <= mostRows &&
      (open?.chunks.length ?? 0) < mostChunks;
    if (open && goesOn) open.chunks.push(chunk);
    else {
      open = { chunks: [chunk] };
      groups.push(open);
    }
    rows = goesOn ? rows + chunk.rows : chunk.rows;
  }
  return groups;
}
