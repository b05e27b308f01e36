import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { DuckDBConnection } from '@duckdb/node-api';
import { TidemillError } from '../../base/errors.ts';
import type { ColumnDefinition, ImportReply, ImportRequest } from './analytics.ts';
import { csvFailure, fileFailure } from './csv-failure.ts';
import type { CsvHeader } from './csv-header.ts';
import { objects, openReader, type Reader, renamed } from './import-source.ts';
import { type Settled, settleColumns } from './import-types.ts';
import { quoteName, quoteText } from './sql-text.ts';

async function writeParquet(
  connection: DuckDBConnection,
  reader: Reader,
  settled: readonly Settled[],
  to: string,
): Promise<ImportReply> {
  const selected = settled
    .map(({ expression, column }) => `${expression} as ${quoteName(column.name)}`)
    .join(', ');
  await connection.run(
    `copy (select ${selected} from ${reader.sql}) to ${quoteText(to)} (format parquet, compression zstd)`,
  );
  const counts = settled.map(
    ({ column }, i) => `(count(*) - count(${quoteName(column.name)}))::double as n${i}`,
  );
  const [row = {}] = await objects(
    connection,
    `select count(*)::double as rows, ${counts.join(', ')} from read_parquet(${quoteText(to)})`,
  );
  const columns = settled.map(({ column, type }, i): Required<ColumnDefinition> => {
    return { name: column.name, type, nullable: Number(row[`n${i}`]) > 0 };
  });
  return { columns, rows: Number(row.rows) };
}

const isObject = (line: string): boolean => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
};

/** DuckDB counts the line after the one where an object breaks off, so we look ourselves. */
async function brokenLine(path: string): Promise<number | undefined> {
  const lines = createInterface({ input: createReadStream(path) });
  let number = 0;
  try {
    for await (const line of lines) {
      number += 1;
      if (line.trim() !== '' && !isObject(line)) return number;
    }
    return undefined;
  } catch {
    // The file itself is out of reach; the failure that brought us here says so.
    return undefined;
  } finally {
    lines.close();
  }
}

async function failure(
  error: unknown,
  request: ImportRequest,
  header: CsvHeader | undefined,
): Promise<Error> {
  if (error instanceof TidemillError || request.signal?.aborted) return error as Error;
  const file = request.label ?? request.path;
  if (header) return csvFailure(error, header, file);
  const line = request.format === 'ndjson' ? await brokenLine(request.path) : undefined;
  return fileFailure(error, request.format, file, line);
}

/** See `Analytics.importFile`. Three passes: which types the first rows allow, which all rows allow, then the write. */
export async function importFile(connection: DuckDBConnection, request: ImportRequest): Promise<ImportReply> {
  const file = request.label ?? request.path;
  let header: CsvHeader | undefined;
  try {
    const opened = await openReader(connection, request, file);
    header = opened.header;
    const reader = { ...opened, columns: renamed(opened.columns, request.mapping ?? {}, file) };
    const settled = await settleColumns(connection, reader, request);
    return await writeParquet(connection, reader, settled, request.to);
  } catch (error) {
    await rm(request.to, { force: true });
    throw await failure(error, request, header);
  }
}
