import { join } from 'node:path';
import type { Column } from '@tidemill/contract';
import type {
  AlignReply,
  AlignRequest,
  Analytics,
  RowChunk,
  ScatteredRows,
} from '../../adapters/analytics/analytics.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import { decodeRuns, eachRun } from '../../base/row-runs.ts';
import { type DeltaSource, type StoredChunk, sourcesOf } from './rules.ts';

/** Names that Parquet's reader gives to the place of a row: a column of such a name would hide it. */
export const isPlaceName = (column: string): boolean =>
  ['file_index', 'file_row_number', 'filename'].includes(column.toLowerCase());

/** A chunk that is stored nowhere yet. */
export interface NewChunk extends RowChunk {
  readonly id: string;
}

export interface DeltaRequest {
  /** The rows, and which runs of them are to be stored: in ascending order. */
  readonly path: string;
  readonly columns: readonly Column[];
  readonly chunks: readonly NewChunk[];
  /** Chunks of the version before that are not in the new one: where the rows come from, if they do. */
  readonly before: readonly StoredChunk[];
  readonly folder: string;
}

/**
 * When a chunk is written anew instead: a fifth of its rows single ones, a run for every fourth row, or so many files.
 * So a version is compacted by itself, chunk by chunk, before reading it would suffer.
 */
const limits = { scattered: 0.2, runs: 0.25, sources: 16 };
/** Hashes of the old rows are held in memory, eight bytes each. */
const mostRows = 50_000_000;
/** The SQL names each column once per file. */
const mostColumns = 1_000;
/** Small, since each reader wants a few rows out of many. */
const packRowGroup = 16_384;

/** Rows that are put together or compared in memory: fewer where there are many columns. */
export const rowsAtOnce = (columns: readonly unknown[]): number =>
  Math.min(262_144, Math.floor(32_000_000 / Math.max(1, columns.length)));

/** Chunks stored by what differs from the version before: runs of its files, and one file with all rows that are new. */
export function createDeltaChunks({ analytics, blobs }: { analytics: Analytics; blobs: Blobs }) {
  /** Those of the chunks that are equal, row by row and value by value, to what their runs give. */
  async function prove(
    { path, columns }: DeltaRequest,
    proposals: readonly Proposal[],
    paths: ReadonlyMap<string, string>,
  ): Promise<Proposal[]> {
    const proved: Proposal[] = [];
    for (const group of neighbours(proposals, rowsAtOnce(columns))) {
      const rows = scatteredOf(group, columns, paths);
      const start = group[0]?.chunk.start ?? 0;
      const count = group.reduce((sum, { chunk }) => sum + chunk.rows, 0);
      if ((await analytics.countEqual(rows, { path, start, rows: count })) === count) proved.push(...group);
    }
    return proved;
  }

  async function writePack({ path, columns, folder }: DeltaRequest, fresh: AlignReply['fresh']) {
    const to = packIn(folder);
    const rows = { paths: [path], columns, runs: fresh.runs };
    await analytics.gatherRows({ rows, to, rowGroup: packRowGroup });
    return to;
  }

  return {
    /** Those of the chunks for which a delta was found and proved; blobs they need are stored afterwards. */
    async store(request: DeltaRequest): Promise<StoredChunk[]> {
      const { path, columns, chunks, before, folder } = request;
      if (columns.length > mostColumns || columns.some(({ name }) => isPlaceName(name))) return [];
      if (before.reduce((sum, { rows }) => sum + rows, 0) > mostRows) return [];
      const sources = sourcesOf(before);
      const local = await localPaths(blobs, sources);
      const old = oldRows(before, sources, local);
      const reply = await analytics.alignFile({ columns, old, path, chunks, limits });
      if (reply.fresh.rows > 0) local.set(unnamed.blob, await writePack(request, reply.fresh));
      const proposals = chunks.flatMap((chunk, i) => {
        const found = reply.chunks[i];
        if (!found) return [];
        const named = found.sources.map((source) => sources[source] ?? unnamed);
        return [{ chunk, runs: found.runs, sources: named, newRows: found.newRows }];
      });
      const proved = await prove(request, proposals, local);
      if (proved.length === 0) return [];
      if (reply.fresh.rows === 0) return proved.map((proposal) => toStored(proposal, unnamed, 1));
      const { sha256, size } = await blobs.putFile(packIn(folder), { move: true });
      const pack: DeltaSource = { blob: sha256, bytes: size, kind: 'pack' };
      return proved.map((proposal) => toStored(proposal, pack, reply.fresh.rows));
    },
  };
}

function oldRows(
  before: readonly StoredChunk[],
  sources: readonly DeltaSource[],
  paths: ReadonlyMap<string, string>,
): AlignRequest['old'] {
  const index = new Map(sources.map(({ blob }, i) => [blob, i]));
  return {
    paths: sources.map(({ blob }) => known(paths, blob)),
    pieces: before.map(toPiece).map((piece) => {
      return { runs: piece.runs, sources: piece.sources.map(({ blob }) => known(index, blob)) };
    }),
    loose: sources.flatMap(({ kind }, i) => (kind === 'pack' ? [i] : [])),
  };
}

/** The file of new rows, as long as it is no blob. */
const unnamed: DeltaSource = { blob: '', bytes: 0, kind: 'pack' };
const packIn = (folder: string): string => join(folder, 'pack.parquet');

export async function localPaths(
  blobs: Blobs,
  sources: readonly DeltaSource[],
): Promise<Map<string, string>> {
  const located = sources.map(async ({ blob }) => [blob, await blobs.localPath(blob)] as const);
  return new Map(await Promise.all(located));
}

/** Rows as runs of sources, whatever they are the rows of. */
interface Piece {
  readonly runs: string;
  readonly sources: readonly DeltaSource[];
}

interface Proposal extends Piece {
  readonly chunk: NewChunk;
  readonly newRows: number;
}

export const toPiece = ({ blob, bytes, rows, delta }: StoredChunk): Piece =>
  delta ?? { runs: `a${rows}`, sources: [{ blob, bytes, kind: 'chunk' }] };

/** The pieces one behind the other, over the files that they need. */
export function scatteredOf(
  pieces: readonly Piece[],
  columns: readonly Column[],
  paths: ReadonlyMap<string, string>,
): ScatteredRows {
  const order = distinct(pieces.flatMap(({ sources }) => sources));
  const index = new Map(order.map(({ blob }, i) => [blob, i]));
  const runs: number[] = [];
  for (const piece of pieces)
    for (const { source, start, rows } of eachRun(decodeRuns(piece.runs)))
      runs.push(known(index, piece.sources[source]?.blob), start, rows);
  const located = order.map(({ blob }) => known(paths, blob));
  return { columns, runs: Int32Array.from(runs), paths: located };
}

function known<T>(found: ReadonlyMap<string, T>, blob: string | undefined): T {
  const value = found.get(blob ?? '');
  if (value === undefined)
    throw new Error(`a chunk is made of rows of the blob '${blob}', which it does not name`);
  return value;
}

const distinct = (sources: readonly DeltaSource[]): DeltaSource[] => [
  ...new Map(sources.map((source) => [source.blob, source])).values(),
];

/** Chunks that follow on each other, so many that comparing them pays. */
function neighbours(proposals: readonly Proposal[], most: number): Proposal[][] {
  const groups: Proposal[][] = [];
  let first = 0;
  let end = -1;
  for (const proposal of proposals) {
    const { start, rows } = proposal.chunk;
    if (start === end && start + rows - first <= most) groups.at(-1)?.push(proposal);
    else {
      groups.push([proposal]);
      first = start;
    }
    end = start + rows;
  }
  return groups;
}

function toStored(
  { chunk, runs, sources, newRows }: Proposal,
  pack: DeltaSource,
  packRows: number,
): StoredChunk {
  const named = sources.map((source) => (source === unnamed ? pack : source));
  const share = Math.round((pack.bytes * newRows) / packRows);
  return {
    id: chunk.id,
    blob: named[0]?.blob ?? '',
    rows: chunk.rows,
    bytes: share + runs.length,
    delta: { runs, sources: named },
  };
}
