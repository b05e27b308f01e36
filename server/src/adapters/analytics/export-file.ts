import type { DuckDBConnection } from '@duckdb/node-api';
import { type ColumnHead, type ExportRequest, type FileFormat, isDelimited } from './analytics.ts';
import type { ArrowOrder } from './arrow-worker.ts';
import { columnTypeOf } from './column-types.ts';
import { quoteName, quoteText, tableSql } from './sql-text.ts';

/** The same ISO 8601 as query replies: milliseconds, or microseconds where there are any. */
const isoText = (name: string): string =>
  `case when epoch_us(${name}) % 1000 = 0 then strftime(${name}, '%Y-%m-%dT%H:%M:%S.%gZ') else strftime(${name}, '%Y-%m-%dT%H:%M:%S.%fZ') end`;

function expressionOf({ name, type }: ColumnHead, format: FileFormat): string {
  const quoted = quoteName(name);
  if (type === 'timestamp') return `${isoText(quoted)} as ${quoted}`;
  // JSON has no word for NaN or infinity.
  if (type === 'double' && !isDelimited(format))
    return `case when isfinite(${quoted}) then ${quoted} end as ${quoted}`;
  return quoted;
}

const copyOptions: Readonly<Record<FileFormat, string>> = {
  csv: 'format csv, header true',
  tsv: "format csv, header true, delimiter E'\\t'",
  parquet: 'format parquet, compression zstd',
  json: 'format json, array true',
  ndjson: 'format json',
};

const whole = (value: number): number => Math.max(0, Math.trunc(value));

interface PlainRequest extends ExportRequest {
  readonly format: FileFormat;
}

/** Arrow is written by a thread of ours, everything else by DuckDB. */
export const isPlain = (request: ExportRequest): request is PlainRequest =>
  request.format !== 'arrow' && request.format !== 'arrow-stream';

export async function exportFile(connection: DuckDBConnection, request: PlainRequest): Promise<void> {
  const source = sourceOf(request);
  const selected = await selectedColumns(connection, source, request);
  await connection.run(
    `copy (select ${selected} from ${source}${restOf(request)}) to ${quoteText(request.to)} (${copyOptions[request.format]})`,
  );
}

export const arrowOrder = (request: ExportRequest): ArrowOrder => ({
  source: sourceOf(request),
  rest: restOf(request),
  columns: request.columns,
  layout: request.format === 'arrow' ? 'file' : 'stream',
  to: request.to,
});

const sourceOf = ({ table }: ExportRequest): string => `(${tableSql(table)})`;

function restOf({ limit, offset }: ExportRequest): string {
  const limited = limit === undefined ? '' : ` limit ${whole(limit)}`;
  return offset === undefined ? limited : `${limited} offset ${whole(offset)}`;
}

async function selectedColumns(
  connection: DuckDBConnection,
  source: string,
  { format, columns }: PlainRequest,
): Promise<string> {
  // Parquet takes values as they are, whatever their types.
  if (format === 'parquet') return columns?.map(quoteName).join(', ') ?? '*';
  const described = await connection.runAndReadAll(`describe select * from ${source}`);
  const heads = described.getRowObjectsJS().map((column) => ({
    name: String(column.column_name),
    type: columnTypeOf(String(column.column_type)),
  }));
  const wanted = columns?.map(
    (name) => heads.find((head) => head.name === name) ?? { name, type: 'text' as const },
  );
  return (wanted ?? heads).map((head) => expressionOf(head, format)).join(', ');
}
