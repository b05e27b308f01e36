import { join } from 'node:path';
import type { Column } from '@tidemill/contract';
import type { Analytics, RowFile } from '../../adapters/analytics/analytics.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import { groupsOf, inParallel } from '../../base/in-parallel.ts';
import { isPlaceName, type NewChunk } from './delta-chunks.ts';
import type { DeltaSource, StoredChunk } from './rules.ts';
import {
  inSegments,
  keepable,
  manyChunks,
  type PlacedFile,
  type Segment,
  segmentsOf,
  withinFiles,
  withStarts,
} from './segments.ts';

export interface FreshRows {
  /** The table that the chunks are of, and whether its files may be used up. */
  readonly files: readonly RowFile[];
  readonly columns: readonly Column[];
  readonly mayMove: boolean;
  /** For files in between; the caller removes it. */
  readonly folder: string;
}

/** Files cut in one go; while one group goes into blobs, the next is cut. */
const filesAtOnce = 64;
const groupsAtOnce = 2;

/**
 * Chunks that are stored nowhere yet, as files. A few have files of their own. Where there are many they lie one behind
 * the other in segments: a file costs some milliseconds, and the rows of many press better together.
 */
export function createFreshChunks({ analytics, blobs }: { analytics: Analytics; blobs: Blobs }) {
  const put = async ({ id, rows }: NewChunk, file: string, move: boolean): Promise<StoredChunk> => {
    const blob = await blobs.putFile(file, { move });
    return { id, blob: blob.sha256, rows, bytes: blob.size };
  };

  async function putSegment(path: string, move: boolean): Promise<DeltaSource> {
    const { sha256, size } = await blobs.putFile(path, { move });
    return { blob: sha256, bytes: size, kind: 'segment' };
  }

  /** Files of the table as they are. */
  async function keep(
    files: readonly PlacedFile[],
    chunks: readonly NewChunk[],
    mayMove: boolean,
  ): Promise<StoredChunk[]> {
    const segments = await inParallel(
      files,
      groupsAtOnce,
      async ({ path, start, rows }): Promise<Segment> => {
        return { start, rows, source: await putSegment(path, mayMove) };
      },
    );
    return chunks.map((chunk) => inSegments(chunk, segments));
  }

  /** Each group of neighbours in a file. */
  async function cut(
    { files, folder }: FreshRows,
    groups: readonly (readonly NewChunk[])[],
  ): Promise<StoredChunk[]> {
    const slices = groups.map((group) => ({
      group,
      start: group[0]?.start ?? 0,
      rows: group.reduce((sum, { rows }) => sum + rows, 0),
      to: join(folder, `${group[0]?.id}.parquet`),
    }));
    const atOnce = Math.max(1, Math.floor(filesAtOnce / Math.max(1, groups[0]?.length ?? 1)));
    const stored = await inParallel(groupsOf(slices, atOnce), groupsAtOnce, async (some) => {
      await analytics.splitFile(files, some);
      const done: StoredChunk[] = [];
      for (const { group, start, rows, to } of some) {
        const [first] = group;
        if (first && group.length === 1) done.push(await put(first, to, true));
        else {
          const segment = { start, rows, source: await putSegment(to, true) };
          done.push(...group.map((chunk) => inSegments(chunk, [segment])));
        }
      }
      return done;
    });
    return stored.flat();
  }

  return {
    /** In ascending order, as the chunks are given. `isWhole`: the table is but one chunk. */
    async store(table: FreshRows, chunks: readonly NewChunk[], isWhole: boolean): Promise<StoredChunk[]> {
      const { files, mayMove } = table;
      const [only] = files;
      if (isWhole && only && files.length === 1)
        return Promise.all(chunks.map((chunk) => put(chunk, only.path, mayMove)));
      const placed = withStarts(files);
      // A part of a segment is found by its row's number, which such a column would hide.
      const mayShare = !table.columns.some(({ name }) => isPlaceName(name));
      const kept = mayShare && files.length > 1 ? keepable(placed, chunks) : [];
      const inKept = withinFiles(chunks, kept);
      const known = new Set(inKept);
      const others = chunks.filter((chunk) => !known.has(chunk));
      // First what is read from the files, which are gone when they are kept.
      const groups =
        mayShare && others.length > manyChunks ? segmentsOf(others) : others.map((chunk) => [chunk]);
      const written = await cut(table, groups);
      return [...written, ...(await keep(kept, inKept, mayMove))];
    },
  };
}
