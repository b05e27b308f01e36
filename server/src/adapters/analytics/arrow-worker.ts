/** A thread of its own: writes the rows of a table as Arrow IPC, one batch at a time. */
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { AsyncByteQueue, RecordBatchFileWriter, RecordBatchStreamWriter, type Schema } from 'apache-arrow';
import { allChunks } from './all-chunks.ts';
import type { ColumnHead } from './analytics.ts';
import { arrowBatch, arrowSchema } from './arrow-columns.ts';
import { selectPlain } from './plain-columns.ts';
import { serveOrders } from './query-thread.ts';

export interface ArrowOrder {
  /** `(select …)`, and what follows the names: limit and offset. */
  readonly source: string;
  readonly rest: string;
  readonly columns: readonly string[] | undefined;
  /** With the index of all batches at its end, or without. */
  readonly layout: 'file' | 'stream';
  readonly to: string;
}

/** As many as readers of Arrow make themselves: enough for vectors to pay, few enough to stay small. */
const batchRows = 65_536;

/** Takes what the writer gives, until the file has it. */
class Pieces extends AsyncByteQueue {
  #pieces: Uint8Array[] = [];

  override write(piece: Uint8Array): void {
    this.#pieces.push(piece);
  }

  async drainInto(file: FileHandle): Promise<void> {
    const pieces = this.#pieces;
    this.#pieces = [];
    if (pieces.length > 0) await file.writeFile(Buffer.concat(pieces));
  }
}

interface Output {
  readonly heads: readonly ColumnHead[];
  readonly schema: Schema;
  write(chunks: readonly DuckDBDataChunk[]): Promise<void>;
  end(): Promise<void>;
}

function startOutput(file: FileHandle, heads: readonly ColumnHead[], layout: ArrowOrder['layout']): Output {
  const schema = arrowSchema(heads);
  const pieces = new Pieces();
  const writer = layout === 'file' ? new RecordBatchFileWriter() : new RecordBatchStreamWriter();
  writer.reset(pieces, schema);
  return {
    heads,
    schema,
    async write(chunks) {
      writer.write(arrowBatch(schema, heads, chunks));
      await pieces.drainInto(file);
    },
    async end() {
      writer.finish();
      await pieces.drainInto(file);
    },
  };
}

async function writeRows(
  connection: DuckDBConnection,
  sql: string,
  output: Output,
  isStopped: () => boolean,
): Promise<void> {
  const result = await connection.stream(sql);
  let chunks: DuckDBDataChunk[] = [];
  let rows = 0;
  for await (const chunk of allChunks(result)) {
    if (isStopped()) throw new Error('interrupted');
    chunks.push(chunk);
    rows += chunk.rowCount;
    if (rows < batchRows) continue;
    await output.write(chunks);
    chunks = [];
    rows = 0;
  }
  if (isStopped()) throw new Error('interrupted');
  if (rows > 0) await output.write(chunks);
}

await serveOrders<ArrowOrder, null>(
  async (connection, order, isStopped) => {
    const { selected, heads } = await selectPlain(connection, order.source, order.columns);
    const file = await open(order.to, 'w');
    try {
      const output = startOutput(file, heads, order.layout);
      await writeRows(connection, `select ${selected} from ${order.source}${order.rest}`, output, isStopped);
      await output.end();
    } catch (error) {
      await rm(order.to, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    return null;
  },
  { memory_limit: '512MB' },
);
