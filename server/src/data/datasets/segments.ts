import type { RowChunk, RowFile } from '../../adapters/analytics/analytics.ts';
import { encodeRuns, mostSources } from '../../base/row-runs.ts';
import type { NewChunk } from './delta-chunks.ts';
import type { DeltaSource, StoredChunk } from './rules.ts';

/** Chunks of which a file of their own would take longer to write than their rows. */
export const manyChunks = 64;
/** Chunks in one segment, and rows: what others read of it, they put together again. */
const segmentChunks = 64;
const segmentRows = 262_144;

/** A file of many chunks, or parts of chunks, and where it begins in the table. */
export interface Segment {
  readonly start: number;
  readonly rows: number;
  readonly source: DeltaSource;
}

const endOf = ({ start, rows }: { start: number; rows: number }): number => start + rows;

/** Chunks that follow on each other, as many as make a segment. */
export function segmentsOf<T extends RowChunk>(chunks: readonly T[]): T[][] {
  const groups: T[][] = [];
  for (const chunk of chunks) {
    const group = groups.at(-1);
    const [first, last] = [group?.[0], group?.at(-1)];
    const goesOn =
      group && first && last && endOf(last) === chunk.start && endOf(chunk) - first.start <= segmentRows;
    if (goesOn && group.length < segmentChunks) group.push(chunk);
    else groups.push([chunk]);
  }
  return groups;
}

export interface PlacedFile extends RowFile {
  readonly start: number;
}

export function withStarts(files: readonly RowFile[]): PlacedFile[] {
  let start = 0;
  return files.map((file) => {
    const placed = { ...file, start };
    start += file.rows;
    return placed;
  });
}

/** Those of the files that are worth keeping as they are: most of their rows are in chunks that are stored nowhere. */
export function keepable(files: readonly PlacedFile[], missing: readonly RowChunk[]): PlacedFile[] {
  return files.filter((file) => {
    const rows = missing.reduce(
      (sum, chunk) =>
        sum + Math.max(0, Math.min(endOf(file), endOf(chunk)) - Math.max(file.start, chunk.start)),
      0,
    );
    return rows * 2 >= file.rows;
  });
}

/** Those of the chunks whose rows all lie in the files, and in few enough of them. Both ascend. */
export function withinFiles<T extends RowChunk>(chunks: readonly T[], files: readonly PlacedFile[]): T[] {
  return chunks.filter((chunk) => {
    const parts = partsOf(chunk, files);
    return parts.length <= mostSources && parts.reduce((sum, { rows }) => sum + rows, 0) === chunk.rows;
  });
}

interface Part<F> {
  readonly file: F;
  /** In the file. */
  readonly from: number;
  readonly rows: number;
}

function partsOf<F extends { readonly start: number; readonly rows: number }>(
  chunk: RowChunk,
  files: readonly F[],
): Part<F>[] {
  return files.flatMap((file) => {
    const first = Math.max(file.start, chunk.start);
    const rows = Math.min(endOf(file), endOf(chunk)) - first;
    return rows > 0 ? [{ file, from: first - file.start, rows }] : [];
  });
}

/** A chunk as runs of rows of the neighbouring segments it lies in, at most 26. */
export function inSegments({ id, start, rows, digest }: NewChunk, segments: readonly Segment[]): StoredChunk {
  const parts = partsOf({ start, rows, digest }, segments);
  const runs = Int32Array.from(parts.flatMap(({ from, rows: count }, i) => [i, from, count]));
  const sources = parts.map(({ file }) => file.source);
  // Shares that add up to the file.
  const upTo = ({ source, rows: all }: Segment, row: number) => Math.round((source.bytes * row) / all);
  const bytes = parts.reduce(
    (sum, { file, from, rows: count }) => sum + upTo(file, from + count) - upTo(file, from),
    0,
  );
  return { id, blob: sources[0]?.blob ?? '', rows, bytes, delta: { runs: encodeRuns(runs), sources } };
}
