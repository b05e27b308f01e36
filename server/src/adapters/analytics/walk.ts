import {
  BIGINT,
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBInstance,
  TIMESTAMP,
} from '@duckdb/node-api';
import bindings from '@duckdb/node-bindings';
import { allChunks } from './all-chunks.ts';
import type { Int64Rows, RowWriter, WalkRequest } from './analytics.ts';
import { memoryOf } from './column-memory.ts';
import { quoteName } from './sql-text.ts';

/** As many as a chunk of DuckDB's holds. */
const rowsAtOnce = bindings.vector_size();
/** Rows that wait in an appender before they go into their table: a millisecond in which no request is answered. */
const rowsHeld = 8_192;
const types = { integer: BIGINT, timestamp: TIMESTAMP, double: DOUBLE } as const;

/** See `SealedEngine.walk`. A connection reads one select at a time, so the table, which all see, is filled by another. */
export async function walk(
  instance: DuckDBInstance,
  connection: DuckDBConnection,
  { sql, table, columns }: WalkRequest,
  step: (rows: Int64Rows, made: RowWriter) => void,
): Promise<void> {
  const shape = Object.entries(columns).map(([name, type]) => `${quoteName(name)} ${types[type]}`);
  await connection.run(`create table ${quoteName(table)} (${shape.join(', ')})`);
  const filler = await instance.connect();
  try {
    const appender = await filler.createAppender(table);
    const made = writeRows(appender, Object.values(columns));
    const result = await connection.stream(sql);
    const width = result.columnCount;
    for await (const chunk of allChunks(result)) step(int64Rows(chunk, width), made);
    made.flush();
    appender.closeSync();
  } finally {
    filler.closeSync();
  }
}

function int64Rows(chunk: DuckDBDataChunk, width: number): Int64Rows {
  const count = chunk.rowCount;
  const columns = Array.from({ length: width }, (_, i) => {
    const { data } = memoryOf(chunk, i, 'integer');
    return new BigInt64Array(data.buffer, data.byteOffset, count);
  });
  return { count, columns };
}

function writeRows(
  appender: DuckDBAppender,
  kinds: readonly (keyof typeof types)[],
): RowWriter & { flush(): void } {
  const chunk = DuckDBDataChunk.create(
    kinds.map((kind) => types[kind]),
    rowsAtOnce,
  );
  const columns = kinds.map(() => new BigInt64Array(rowsAtOnce));
  let rows = 0;
  let held = 0;

  function flush(): void {
    chunk.rowCount = rows;
    for (const [i, { buffer }] of columns.entries())
      bindings.copy_data_to_vector(bindings.data_chunk_get_vector(chunk.chunk, i), 0, buffer, 0, rows * 8);
    if (rows > 0) appender.appendDataChunk(chunk);
    held += rows;
    if (held >= rowsHeld) {
      appender.flushSync();
      held = 0;
    }
    rows = 0;
  }

  return {
    columns,
    next() {
      if (rows === rowsAtOnce) flush();
      rows += 1;
      return rows - 1;
    },
    flush,
  };
}
