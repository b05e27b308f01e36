/** A thread of its own: finds rows of a Parquet file among those of others, by hashes of rows, and ends with its answer. */
import { parentPort, workerData } from 'node:worker_threads';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { decodeRuns, eachRun, encodeRuns, mostSources, type RowRuns } from '../../base/row-runs.ts';
import { allChunks } from './all-chunks.ts';
import type { AlignReply, AlignRequest, ColumnHead } from './analytics.ts';
import { duckdbType } from './column-types.ts';
import { countRows } from './describe-file.ts';
import { type AlignedRuns, alignRows } from './row-alignment.ts';
import { quoteList, quoteName, quoteText } from './sql-text.ts';

/** 53 bits of a row's hash, which a double holds exactly: vectors of them cost no object per row. */
const hashSql = (columns: readonly ColumnHead[]): string =>
  `(hash(${columns.map(({ name, type }) => `cast(${quoteName(name)} as ${duckdbType(type)})`).join(', ')}) >> 11)::double`;

async function* hashesOf(connection: DuckDBConnection, columns: readonly ColumnHead[], from: string) {
  const result = await connection.stream(`select ${hashSql(columns)} from ${from}`);
  for await (const chunk of allChunks(result)) {
    const vector = chunk.getColumnVector(0);
    const hashes = new Float64Array(chunk.rowCount);
    for (let row = 0; row < hashes.length; row += 1) hashes[row] = Number(vector.getItem(row));
    yield hashes;
  }
}

/** The old rows as runs of the paths. */
function oldRuns({ old }: AlignRequest): RowRuns {
  const all: number[] = [];
  for (const { runs, sources } of old.pieces)
    for (const { source, start, rows } of eachRun(decodeRuns(runs)))
      all.push(sources[source] ?? 0, start, rows);
  return Int32Array.from(all);
}

/** The hashes of the old rows, in the order of their runs. */
async function oldHashes(
  connection: DuckDBConnection,
  { columns, old }: AlignRequest,
  runs: RowRuns,
): Promise<Float64Array> {
  const counts = await countRows(connection, old.paths);
  const all = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
  let filled = 0;
  for await (const part of hashesOf(connection, columns, `read_parquet(${quoteList(old.paths)})`)) {
    all.set(part, filled);
    filled += part.length;
  }
  const begin: number[] = [];
  let sum = 0;
  for (const count of counts) {
    begin.push(sum);
    sum += count;
  }
  const total = [...eachRun(runs)].reduce((rows, run) => rows + run.rows, 0);
  const ordered = new Float64Array(total);
  let at = 0;
  for (const { source, start, rows } of eachRun(runs)) {
    const from = (begin[source] ?? 0) + start;
    ordered.set(all.subarray(from, from + rows), at);
    at += rows;
  }
  return ordered;
}

/** Where the old rows lie: positions among them become runs of their files. */
function placesOf(oldRows: RowRuns) {
  const runs = [...eachRun(oldRows)];
  const starts: number[] = [];
  let sum = 0;
  for (const { rows } of runs) {
    starts.push(sum);
    sum += rows;
  }
  function indexOf(at: number): number {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
  return function add(at: number, count: number, to: number[]): void {
    let left = count;
    for (let i = indexOf(at), position = at; left > 0; i += 1) {
      const run = runs[i];
      if (!run) throw new Error('a run of rows goes beyond the old ones');
      const skip = position - (starts[i] ?? 0);
      const rows = Math.min(left, run.rows - skip);
      addRun(to, run.source, run.start + skip, rows);
      left -= rows;
      position += rows;
    }
  };
}

/** Rows that follow on the last run of the same file make it longer. */
function addRun(runs: number[], source: number, start: number, rows: number): void {
  const [lastSource, lastStart = 0, lastRows = 0] = runs.slice(-3);
  if (lastSource === source && lastStart + lastRows === start) runs[runs.length - 1] = lastRows + rows;
  else runs.push(source, start, rows);
}

type Found = AlignReply['chunks'][number];

/** Puts the new rows of the chunks that are worth it one behind the other, and writes each such chunk down as runs. */
function collectChunks(request: AlignRequest, oldRows: RowRuns) {
  const addPlaces = placesOf(oldRows);
  const { limits, old } = request;
  const loose = new Set(old.loose);
  const fresh: number[] = [];
  let freshRows = 0;

  function isWorth(runs: readonly number[], rows: number): boolean {
    if (runs.length / 3 > rows * limits.runs) return false;
    const sources = new Set<number>();
    let scattered = 0;
    for (let i = 0; i < runs.length; i += 3) {
      const source = runs[i] ?? 0;
      sources.add(source);
      if (source === -1 || loose.has(source)) scattered += runs[i + 2] ?? 0;
    }
    return scattered <= rows * limits.scattered && sources.size <= Math.min(limits.sources, mostSources);
  }

  /** Letters go to the sources in the order of their use; -1 stands for the rows that are new. */
  function write(runs: readonly number[], start: number): Found {
    const sources: number[] = [];
    const written = new Int32Array(runs.length);
    let newRows = 0;
    let row = start;
    for (let i = 0; i < runs.length; i += 3) {
      const source = runs[i] ?? 0;
      const rows = runs[i + 2] ?? 0;
      if (!sources.includes(source)) sources.push(source);
      written[i] = sources.indexOf(source);
      written[i + 1] = source === -1 ? freshRows : (runs[i + 1] ?? 0);
      written[i + 2] = rows;
      if (source === -1) {
        fresh.push(0, row, rows);
        freshRows += rows;
        newRows += rows;
      }
      row += rows;
    }
    return { sources, runs: encodeRuns(written), newRows };
  }

  return {
    add(pairs: AlignedRuns, start: number, rows: number): Found | null {
      const runs: number[] = [];
      for (let i = 0; i < pairs.length; i += 2) {
        const [at = -1, count = 0] = [pairs[i], pairs[i + 1]];
        if (at === -1) runs.push(-1, 0, count);
        else addPlaces(at, count, runs);
      }
      return isWorth(runs, rows) ? write(runs, start) : null;
    },
    result: (chunks: readonly (Found | null)[]): AlignReply => ({
      chunks,
      fresh: { runs: Int32Array.from(fresh), rows: freshRows },
    }),
  };
}

async function align(connection: DuckDBConnection, request: AlignRequest): Promise<AlignReply> {
  const { columns, path, chunks } = request;
  const oldRows = oldRuns(request);
  const alignment = alignRows(await oldHashes(connection, request, oldRows));
  const collected = collectChunks(request, oldRows);
  const found: (Found | null)[] = [];
  let chunk = chunks[0];
  let hashes = new Float64Array(chunk?.rows ?? 0);
  let filled = 0;
  let seen = 0;
  for await (const part of hashesOf(connection, columns, `read_parquet(${quoteText(path)})`)) {
    for (let from = 0; chunk && from < part.length; ) {
      const begin = Math.max(from, chunk.start - seen);
      if (begin >= part.length) break;
      const taken = part.subarray(begin, begin + chunk.rows - filled);
      hashes.set(taken, filled);
      filled += taken.length;
      from = begin + taken.length;
      if (filled < chunk.rows) break;
      found.push(collected.add(alignment.next(hashes), chunk.start, chunk.rows));
      chunk = chunks[found.length];
      hashes = new Float64Array(chunk?.rows ?? 0);
      filled = 0;
    }
    seen += part.length;
  }
  return collected.result(found);
}

async function main(port: NonNullable<typeof parentPort>): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '2',
    memory_limit: '1GB',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  try {
    await connection.run("set TimeZone = 'UTC'");
    port.postMessage(await align(connection, workerData as AlignRequest));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

if (parentPort) await main(parentPort);
