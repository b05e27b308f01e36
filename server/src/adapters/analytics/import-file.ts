import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { DuckDBConnection } from '@duckdb/node-api';
import { errors, TidemillError } from '../../base/errors.ts';
import type { ColumnDefinition, ImportReply, ImportRequest } from './analytics.ts';
import { csvFailure, fileFailure } from './csv-failure.ts';
import type { CsvHeader } from './csv-header.ts';
import { findDateWarnings } from './date-findings.ts';
import { overturnedColumn, writeGuessed } from './import-guess.ts';
import { type Counts, type PieceTools, writePieces } from './import-pieces.ts';
import { csvSql, narrowedRows, objects, openReader, type Reader, renamed } from './import-source.ts';
import { assertStated, type Settled, settleColumns } from './import-types.ts';
import {
  type Encoding,
  findCompression,
  findMarkedEncoding,
  judgeEncoding,
  transcode,
  unpack,
} from './plain-file.ts';
import { segmentOptions } from './split-file.ts';
import { quoteList, quoteName, quoteText } from './sql-text.ts';

/** Bytes up to which asking every row for its types costs less than being wrong about one. */
const smallFile = 1 << 20;
/** The rows of a large file are read again and written into chunks: pressing them hard here would be work for nothing. */
const compressionOf = (size: number): string => (size > smallFile ? 'snappy' : 'zstd');

/** The rows of `source`, typed; `source` is the reader's own SQL, or that of a piece of its file. */
function selectSql(source: string, settled: readonly Settled[]): string {
  const selected = settled
    .map(({ expression, column }) => `${expression} as ${quoteName(column.name)}`)
    .join(', ');
  const attempts = settled.flatMap(({ attempt }) => (attempt ? [`${attempt.sql} as ${attempt.name}`] : []));
  const rows = attempts.length > 0 ? `(select *, ${attempts.join(', ')} from ${source})` : source;
  return `select ${selected} from ${rows}`;
}

async function copyParquet(
  connection: DuckDBConnection,
  select: string,
  { to, options }: { readonly to: string; readonly options: string },
): Promise<Counts> {
  await connection.run(`copy (${select}) to ${quoteText(to)} (format parquet, ${options})`);
  return countMissing(connection, to);
}

const replyOf = (settled: readonly Settled[], { rows, missing }: Counts): ImportReply => ({
  columns: settled.map(({ column, type }, i): Required<ColumnDefinition> => {
    return { name: column.name, type, nullable: (missing[i] ?? 0) > 0 };
  }),
  rows,
});

/** In pieces where that may be and pays. Null where it cannot be: then the whole tells what is wrong, if anything is. */
async function tryPieces(
  reader: Reader,
  request: ImportRequest,
  settled: readonly Settled[],
  tools: PieceTools,
): Promise<ImportReply | null> {
  const { header } = reader;
  // A line without anything is a row of one column, and none of two: what it is must not hang on where it stands.
  if (!header || header.names.length < 2) return null;
  try {
    const pieces = await writePieces(tools, {
      request,
      delimiter: header.delimiter,
      write: (connection, { path, index }, to) => {
        const select = selectSql(csvSql(path, header, index === 0), settled);
        return copyParquet(connection, select, { to, options: segmentOptions });
      },
    });
    const files = pieces.files.filter(({ rows }) => rows > 0);
    return { ...replyOf(settled, pieces), pieces: { files, chunks: pieces.chunks } };
  } catch (error) {
    if (request.signal?.aborted || overturnedColumn(error) !== undefined) throw error;
    return null;
  }
}

/** Rows, and missing values per column, from the footer of a file that DuckDB wrote. */
async function countMissing(connection: DuckDBConnection, path: string): Promise<Counts> {
  const [file = {}] = await objects(
    connection,
    `select num_rows::double as rows from parquet_file_metadata(${quoteText(path)})`,
  );
  const found = await objects(
    connection,
    `select sum(stats_null_count)::double as n from parquet_metadata(${quoteText(path)}) group by column_id order by column_id`,
  );
  return { rows: Number(file.rows), missing: found.map(({ n }) => Number(n)) };
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

const pathsOf = (reply: ImportReply | undefined, { to }: ImportRequest): string[] =>
  reply?.pieces?.files.map(({ path }) => path) ?? [to];

/** See `Analytics.importFile`. A large CSV is read once, by types that its first rows suggest; anything else is asked for them first. */
async function importPlain(
  connection: DuckDBConnection,
  request: ImportRequest,
  tools: PieceTools,
): Promise<ImportReply> {
  const file = request.label ?? request.path;
  let header: CsvHeader | undefined;
  let reply: ImportReply | undefined;
  try {
    const opened = await openReader(connection, request, file);
    header = opened.header;
    const columns = renamed(opened.columns, request.mapping ?? {}, file);
    const reader = await narrowedRows(connection, { ...opened, columns }, request);
    const { size } = await stat(request.path);
    const target = { to: request.to, options: `compression ${compressionOf(size)}` };
    const mayCut = request.mayCut === true && size >= 2 * tools.pieceBytes;
    assertStated(reader.columns, request, file);
    let settled: readonly Settled[] = [];
    const write = async (given: readonly Settled[]) => {
      settled = given;
      const cut = mayCut ? await tryPieces(reader, request, given, tools) : null;
      return cut ?? replyOf(given, await copyParquet(connection, selectSql(reader.sql, given), target));
    };
    const isLarge = reader.header !== undefined && size > smallFile;
    const guessed = isLarge ? await writeGuessed(connection, reader, request, write) : undefined;
    reply = guessed ?? (await write(await settleColumns(connection, reader, request)));
    const paths = pathsOf(reply, request);
    await assertHeaderOnce(connection, reader, reply, { paths, file });
    const warnings = await findDateWarnings(connection, request, { paths, reader, settled });
    return { ...reply, warnings };
  } catch (error) {
    for (const path of pathsOf(reply, request)) await rm(path, { force: true });
    if (isEncodingFailure(error)) throw error;
    throw await failure(error, request, header);
  }
}

/** Files put one behind the other repeat their header, which then makes text of every column. */
async function assertHeaderOnce(
  connection: DuckDBConnection,
  { header }: Reader,
  { columns }: ImportReply,
  { paths, file }: { readonly paths: readonly string[]; readonly file: string },
): Promise<void> {
  if (!header || columns.length === 0 || columns.some(({ type }) => type !== 'text')) return;
  const isHeader = columns.map(
    ({ name }, i) => `trim(${quoteName(name)}) = ${quoteText(header.names[i] ?? name)}`,
  );
  const [found] = await objects(
    connection,
    `select row from (select row_number() over ()::double - 1 as row, * from read_parquet(${quoteList(paths)})) where ${isHeader.join(' and ')} limit 1`,
  );
  if (!found) return;
  throw errors.fileUnreadable({
    file,
    line: Number(found.row) + header.lines + 1,
    reason: 'it repeats the header, as files put one behind the other do',
    remedy: 'Remove that line, or send the files one by one with mode=append',
  });
}

const isEncodingFailure = (error: unknown): boolean =>
  error instanceof Error && /invalid unicode|not utf-8|invalid utf-?8/i.test(error.message);

/** Reads text in UTF-8, or in what it turns out to be written in. */
async function importText(
  connection: DuckDBConnection,
  request: ImportRequest,
  tools: PieceTools,
): Promise<ImportReply> {
  const file = request.label ?? request.path;
  const plain = `${request.to}.utf8`;
  const again = async (encoding: Encoding): Promise<ImportReply> => {
    await transcode(request.path, encoding, plain, request.signal);
    const reply = await importPlain(connection, { ...request, label: file, path: plain }, tools);
    return { ...reply, encoding };
  };
  try {
    const marked = await findMarkedEncoding(request.path);
    if (marked) return await again(marked);
    return await importPlain(connection, request, tools).catch(async (error: unknown) => {
      if (!isEncodingFailure(error)) throw error;
      const found = await judgeEncoding(request.path);
      if (found === 'windows-1252') return again(found);
      throw errors.fileUnreadable(
        {
          file,
          line: found.line,
          reason: `most of the file is UTF-8, but the line at byte ${found.byte} is not`,
          remedy: 'Save the whole file as UTF-8',
        },
        error,
      );
    });
  } finally {
    await rm(plain, { force: true });
  }
}

/** See `Analytics.importFile`. */
export async function importFile(
  connection: DuckDBConnection,
  request: ImportRequest,
  tools: PieceTools,
): Promise<ImportReply> {
  const file = request.label ?? request.path;
  const read = request.format === 'parquet' ? importPlain : importText;
  const compression = await findCompression(request.path, file);
  if (!compression) return read(connection, request, tools);
  const to = `${request.to}.unpacked`;
  try {
    await unpack(request.path, { to, file, compression, signal: request.signal });
    return { ...(await read(connection, { ...request, label: file, path: to }, tools)), compression };
  } finally {
    await rm(to, { force: true });
  }
}
