import { rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ImportRequest, RowChunk, RowFile } from './analytics.ts';
import { interruptible } from './connections.ts';
import { type CsvPiece, cutCsv } from './cut-csv.ts';
import type { DigestRun } from './digest-file.ts';

/** What the writing of a table in pieces needs beside the connection that it has. */
export interface PieceTools {
  connect(): Promise<DuckDBConnection>;
  digest(): DigestRun;
  readonly pieceBytes: number;
}

export interface PieceRequest {
  readonly request: ImportRequest;
  readonly delimiter: string;
  /** Writes the rows of a piece of the file; gives how many, and the missing values per column. */
  readonly write: (connection: DuckDBConnection, piece: CsvPiece, to: string) => Promise<Counts>;
}

export interface Counts {
  readonly rows: number;
  readonly missing: readonly number[];
}

export interface Pieces extends Counts {
  readonly files: readonly RowFile[];
  readonly chunks: readonly RowChunk[];
}

/** Pieces typed at once: while one waits for its end, the other keeps the processors busy. */
const atOnce = 2;

/** Digests pieces in their order, however they come. */
function inOrder(run: DigestRun) {
  const waiting = new Map<number, string>();
  const digested: Promise<number>[] = [];
  return {
    add(index: number, path: string): void {
      waiting.set(index, path);
      for (let next = waiting.get(digested.length); next !== undefined; next = waiting.get(digested.length)) {
        const rows = run.add(next);
        // Whoever waits for all of them hears of it.
        rows.catch(() => undefined);
        digested.push(rows);
      }
    },
    ended: () => Promise.all(digested),
  };
}

/**
 * Types the rows of a CSV piece by piece and cuts those that are typed into chunks meanwhile, so that no core waits for
 * the other and nothing is written twice: the pieces are files that a version may keep as they are.
 */
export async function writePieces(
  tools: PieceTools,
  { request, delimiter, write }: PieceRequest,
): Promise<Pieces> {
  const { path, to, signal } = request;
  const source = cutCsv(path, { delimiter, pieceBytes: tools.pieceBytes, to: (i) => `${to}.${i}.csv` });
  const run = tools.digest();
  const digests = inOrder(run);
  const written: (Counts & { path: string })[] = [];
  let failure: { error: unknown } | undefined;

  async function work(): Promise<void> {
    const connection = await tools.connect();
    try {
      while (!failure) {
        const { value: piece, done } = await source.next();
        if (done) return;
        const typed = `${to}.${piece.index}`;
        const counts = await interruptible(connection, signal, () => write(connection, piece, typed));
        await rm(piece.path);
        written[piece.index] = { ...counts, path: typed };
        digests.add(piece.index, typed);
      }
    } catch (error) {
      failure ??= { error };
    } finally {
      connection.closeSync();
    }
  }

  try {
    await Promise.all(Array.from({ length: atOnce }, work));
    if (failure) throw failure.error;
    await digests.ended();
    const chunks = await run.finish();
    return {
      ...totals(written),
      files: written.map(({ path: each, rows }) => ({ path: each, rows })),
      chunks,
    };
  } catch (error) {
    run.drop();
    await source.return(undefined);
    await removeAll(to, written.length + atOnce + 1);
    throw error;
  }
}

function totals(written: readonly Counts[]): Counts {
  const missing: number[] = [];
  for (const piece of written)
    for (const [i, count] of piece.missing.entries()) missing[i] = (missing[i] ?? 0) + count;
  return { rows: written.reduce((sum, { rows }) => sum + rows, 0), missing };
}

async function removeAll(to: string, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1)
    for (const path of [`${to}.${i}`, `${to}.${i}.csv`]) await rm(path, { force: true });
}
