import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRuns, eachRun } from '../../base/row-runs.ts';
import type { NewChunk } from './delta-chunks.ts';
import type { StoredChunk } from './rules.ts';
import { inSegments, keepable, segmentsOf, withinFiles, withStarts } from './segments.ts';
import { candidates, stretchesOf } from './whole-segments.ts';

const lengths = (most: number) =>
  fc.array(fc.integer({ min: 1, max: most }), { minLength: 1, maxLength: 20 });

/** A table cut into chunks, and the files it lies in. */
const tables = fc.tuple(lengths(30), lengths(60)).map(([chunkRows, fileRows]) => {
  const rows = chunkRows.reduce((sum, each) => sum + each, 0);
  let start = 0;
  const chunks = chunkRows.map((each, i): NewChunk => {
    const chunk = { id: i.toString(16).padStart(64, '0'), digest: `d${i}`, start, rows: each };
    start += each;
    return chunk;
  });
  const files: { path: string; rows: number }[] = [];
  let left = rows;
  for (let i = 0; left > 0; i += 1) {
    const taken = Math.min(left, fileRows[i % fileRows.length] ?? 1);
    files.push({ path: `f${i}`, rows: taken });
    left -= taken;
  }
  return { chunks, files: withStarts(files) };
});

/** Rows as `file:row`. */
const rowsOf = ({ delta, blob, rows }: StoredChunk): string[] =>
  delta
    ? [...eachRun(decodeRuns(delta.runs))].flatMap((run) =>
        Array.from({ length: run.rows }, (_, i) => `${delta.sources[run.source]?.blob}:${run.start + i}`),
      )
    : Array.from({ length: rows }, (_, i) => `${blob}:${i}`);

test('chunks in segments give the rows of the table, and take what the files do', () => {
  fc.assert(
    fc.property(tables, ({ chunks, files }) => {
      fc.pre(withinFiles(chunks, files).length === chunks.length);
      const segments = files.map((file) => ({
        ...file,
        source: { blob: file.path, bytes: file.rows * 7 + 3, kind: 'segment' as const },
      }));
      const stored = chunks.map((chunk) => inSegments(chunk, segments));
      const all = files.flatMap(({ path, rows }) => Array.from({ length: rows }, (_, i) => `${path}:${i}`));
      expect(stored.flatMap(rowsOf)).toEqual(all);
      expect(stored.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(
        segments.reduce((sum, { source }) => sum + source.bytes, 0),
      );
    }),
  );
});

test('a segment is read as it is when all its rows are wanted; the rest is put together, in order', () => {
  fc.assert(
    fc.property(tables, fc.infiniteStream(fc.integer({ min: 0, max: 5 })), ({ chunks, files }, choices) => {
      fc.pre(withinFiles(chunks, files).length === chunks.length);
      const segments = files.map((file) => ({
        ...file,
        source: { blob: file.path, bytes: 1, kind: 'segment' as const },
      }));
      const stored = chunks.map((chunk): StoredChunk => {
        const choice = choices.next().value;
        if (choice > 0) return inSegments(chunk, segments);
        return { id: chunk.id, blob: `own-${chunk.id}`, rows: chunk.rows, bytes: 1 };
      });
      const counts = new Map(files.map(({ path, rows }) => [path, rows]));
      for (const blob of candidates(stored)) expect(counts.has(blob)).toBe(true);
      const stretches = stretchesOf(stored, counts);
      const rows = stretches.flatMap((stretch) =>
        stretch.whole
          ? Array.from({ length: stretch.rows }, (_, i) => `${stretch.whole.blob}:${i}`)
          : rowsOf(stretch.chunk),
      );
      expect(rows).toEqual(stored.flatMap(rowsOf));
      for (const stretch of stretches)
        if (!stretch.whole) expect(rowsOf(stretch.chunk)).toHaveLength(stretch.chunk.rows);
      if (stored.every(({ delta }) => delta))
        expect(stretches.map(({ whole }) => whole?.blob)).toEqual(files.map(({ path }) => path));
    }),
  );
});

test('a chunk of more files than there are letters for is none of them', () => {
  const rowEach = (count: number) =>
    withStarts(Array.from({ length: count }, (_, i) => ({ path: `f${i}`, rows: 1 })));
  const chunk = (rows: number): NewChunk => ({ id: '', digest: '', start: 0, rows });
  expect(withinFiles([chunk(26)], rowEach(26))).toHaveLength(1);
  expect(withinFiles([chunk(27)], rowEach(27))).toHaveLength(0);
});

test('files of which little is new are not kept', () => {
  const files = withStarts([
    { path: 'a', rows: 100 },
    { path: 'b', rows: 100 },
  ]);
  const chunk = (start: number, rows: number): NewChunk => ({ id: `${start}`, digest: '', start, rows });
  const missing = [chunk(0, 40), chunk(90, 20), chunk(110, 50)];
  const kept = keepable(files, missing);
  expect(kept.map(({ path }) => path)).toEqual(['a', 'b']);
  expect(keepable(files, missing.slice(1)).map(({ path }) => path)).toEqual(['b']);
  expect(withinFiles(missing, kept.slice(1)).map(({ start }) => start)).toEqual([110]);
});

test('neighbours share a segment, up to its size', () => {
  const chunks = Array.from({ length: 150 }, (_, i) => ({ start: i * 4_096, rows: 4_096, digest: '' }));
  const cut = [...chunks.slice(0, 10), ...chunks.slice(11)];
  expect(segmentsOf(cut).map((group) => group.length)).toEqual([10, 64, 64, 11]);
  expect(segmentsOf([{ start: 0, rows: 300_000, digest: '' }])).toHaveLength(1);
});
