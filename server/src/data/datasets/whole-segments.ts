import { decodeRuns, eachRun, encodeRuns } from '../../base/row-runs.ts';
import type { DeltaSource, StoredChunk } from './rules.ts';

/** Rows that a plain file gives as it is, or a chunk (or a part of one) that must be put together. */
export type Stretch =
  | { readonly whole: DeltaSource; readonly rows: number }
  | { readonly whole: null; readonly chunk: StoredChunk };

interface Run {
  readonly chunk: StoredChunk;
  /** In the chunk. */
  readonly offset: number;
  readonly source: DeltaSource;
  readonly start: number;
  readonly rows: number;
}

function runsOf(chunk: StoredChunk): Run[] {
  const sources = chunk.delta?.sources ?? [];
  let offset = 0;
  return [...eachRun(decodeRuns(chunk.delta?.runs ?? ''))].flatMap(({ source, start, rows }) => {
    const found = sources[source];
    const run = found && { chunk, offset, source: found, start, rows };
    offset += rows;
    return run ? [run] : [];
  });
}

/** Runs of one segment that follow on each other, across chunks; any other by itself. */
function joined(chunks: readonly StoredChunk[]): Run[][] {
  const groups: Run[][] = [];
  for (const run of chunks.flatMap(runsOf)) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    const goesOn =
      last?.source.kind === 'segment' &&
      last.source.blob === run.source.blob &&
      last.start + last.rows === run.start;
    if (group && goesOn) group.push(run);
    else groups.push([run]);
  }
  return groups;
}

const mayBeWhole = ([first]: readonly Run[]): boolean =>
  first?.source.kind === 'segment' && first.start === 0;

/** Segments that the chunks may take from the first row to the last. */
export function candidates(chunks: readonly StoredChunk[]): string[] {
  const groups = joined(chunks.filter(({ delta }) => delta)).filter(mayBeWhole);
  return [...new Set(groups.flatMap(([first]) => first?.source.blob ?? []))];
}

function partOf(chunk: StoredChunk, runs: readonly Run[]): StoredChunk {
  const rows = runs.reduce((sum, run) => sum + run.rows, 0);
  if (rows === chunk.rows) return chunk;
  const sources = [...new Set(runs.map(({ source }) => source))];
  const written = runs.flatMap((run) => [sources.indexOf(run.source), run.start, run.rows]);
  const id = `${chunk.id}+${runs[0]?.offset}+${rows}`;
  return { ...chunk, id, rows, delta: { runs: encodeRuns(Int32Array.from(written)), sources } };
}

/** The rows of the chunks in order. `counts`: the rows of the candidates. */
export function stretchesOf(chunks: readonly StoredChunk[], counts: ReadonlyMap<string, number>): Stretch[] {
  const stretches: Stretch[] = [];
  let loose: Run[] = [];
  const flush = () => {
    const [first] = loose;
    if (first) stretches.push({ whole: null, chunk: partOf(first.chunk, loose) });
    loose = [];
  };
  let scattered: StoredChunk[] = [];
  const endScattered = () => {
    for (const group of joined(scattered)) {
      const rows = group.reduce((sum, run) => sum + run.rows, 0);
      const [first] = group;
      if (first && mayBeWhole(group) && counts.get(first.source.blob) === rows) {
        flush();
        stretches.push({ whole: first.source, rows });
        continue;
      }
      for (const run of group) {
        if (loose[0] && loose[0].chunk !== run.chunk) flush();
        loose.push(run);
      }
    }
    flush();
    scattered = [];
  };
  for (const chunk of chunks) {
    if (chunk.delta) scattered.push(chunk);
    else {
      endScattered();
      stretches.push({ whole: null, chunk });
    }
  }
  endScattered();
  return stretches;
}
