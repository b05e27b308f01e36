/** A thread of its own: reads a Parquet file through DuckDB and cuts it into chunks, away from the event loop. */
import { parentPort } from 'node:worker_threads';
import {
  DuckDBBlobValue,
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { ChunkSizes, ColumnHead, RowChunk } from './analytics.ts';
import { castToOurs, columnTypeOf } from './column-types.ts';
import { type CanonicalColumn, rowChunker } from './row-digest.ts';
import { quoteName, quoteText } from './sql-text.ts';

export type DigestOrder =
  | { readonly kind: 'digest'; readonly id: number; readonly path: string; readonly sizes: ChunkSizes }
  | { readonly kind: 'interrupt'; readonly id: number }
  | { readonly kind: 'close' };

export type DigestReport =
  | { readonly id: number; readonly chunks: readonly RowChunk[] }
  | { readonly id: number; readonly failure: string };

/** Physical values the encoder can write without objects per value. */
function physical({ name, type }: ColumnHead, duckdbName: string): string {
  const value = castToOurs(quoteName(name), duckdbName);
  if (type === 'date') return `cast(${value} - DATE '1970-01-01' as INTEGER)`;
  if (type === 'timestamp') return `epoch_us(${value})`;
  return type === 'text' ? `encode(${value})` : value;
}

async function selectOf(
  connection: DuckDBConnection,
  path: string,
): Promise<{ sql: string; heads: ColumnHead[] }> {
  const source = `read_parquet(${quoteText(path)})`;
  const described = (await connection.runAndReadAll(`describe select * from ${source}`)).getRowObjectsJS();
  const names = described.map((column) => String(column.column_type));
  const heads = described.map((column, i) => ({
    name: String(column.column_name),
    type: columnTypeOf(names[i] ?? ''),
  }));
  const expressions = heads.map((head, i) => physical(head, names[i] ?? ''));
  return { heads, sql: `select ${expressions.join(', ')} from ${source}` };
}

function canonical(value: DuckDBValue): ReturnType<CanonicalColumn['at']> {
  if (value instanceof DuckDBBlobValue) return value.bytes;
  return value as boolean | bigint | number | null;
}

function canonicalColumns(chunk: DuckDBDataChunk, heads: readonly ColumnHead[]): CanonicalColumn[] {
  return heads.map(({ type }, index) => {
    const vector = chunk.getColumnVector(index);
    return { type, at: (row) => canonical(vector.getItem(row) as DuckDBValue) };
  });
}

async function digestRows(
  connection: DuckDBConnection,
  path: string,
  sizes: ChunkSizes,
  isStopped: () => boolean,
): Promise<readonly RowChunk[]> {
  const { sql, heads } = await selectOf(connection, path);
  const chunker = rowChunker(sizes);
  const result = await connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (isStopped()) throw new Error('interrupted');
    if (!chunk || chunk.rowCount === 0) return chunker.finish();
    chunker.add(canonicalColumns(chunk, heads), chunk.rowCount);
  }
}

async function main(port: NonNullable<typeof parentPort>): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '2',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  const interrupted = new Set<number>();
  let running: number | undefined;
  let queue = Promise.resolve();

  async function run({ id, path, sizes }: Extract<DigestOrder, { kind: 'digest' }>): Promise<void> {
    running = id;
    try {
      const chunks = await digestRows(connection, path, sizes, () => interrupted.has(id));
      port.postMessage({ id, chunks } satisfies DigestReport);
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      port.postMessage({ id, failure } satisfies DigestReport);
    } finally {
      running = undefined;
      interrupted.delete(id);
    }
  }

  function interrupt(id: number): void {
    interrupted.add(id);
    if (running === id) connection.interrupt();
  }

  port.on('message', (order: DigestOrder) => {
    if (order.kind === 'digest') queue = queue.then(() => run(order));
    else if (order.kind === 'interrupt') interrupt(order.id);
    // Closing the port lets the thread end by itself; terminating it during a query would abort the program.
    else
      void queue.then(() => {
        connection.closeSync();
        instance.closeSync();
        port.close();
      });
  });
}

if (parentPort) await main(parentPort);
