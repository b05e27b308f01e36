import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnHead, ExportRequest } from './analytics.ts';
import { columnTypeOf } from './column-types.ts';
import { quoteName, quoteText, tableSql } from './sql-text.ts';

/** The same ISO 8601 as query replies: milliseconds, or microseconds where there are any. */
const isoText = (name: string): string =>
  `case when epoch_us(${name}) % 1000 = 0 then strftime(${name}, '%Y-%m-%dT%H:%M:%S.%gZ') else strftime(${name}, '%Y-%m-%dT%H:%M:%S.%fZ') end`;

function expressionOf({ name, type }: ColumnHead, format: ExportRequest['format']): string {
  const quoted = quoteName(name);
  if (type === 'timestamp') return `${isoText(quoted)} as ${quoted}`;
  // JSON has no word for NaN or infinity.
  if (type === 'double' && format !== 'csv')
    return `case when isfinite(${quoted}) then ${quoted} end as ${quoted}`;
  return quoted;
}

const copyOptions: Readonly<Record<ExportRequest['format'], string>> = {
  csv: 'format csv, header true',
  parquet: 'format parquet, compression zstd',
  json: 'format json, array true',
  ndjson: 'format json',
};

const whole = (value: number): number => Math.max(0, Math.trunc(value));

export async function exportFile(connection: DuckDBConnection, request: ExportRequest): Promise<void> {
  const source = `(${tableSql(request.table)})`;
  const selected = await selectedColumns(connection, source, request);
  const limit = request.limit === undefined ? '' : ` limit ${whole(request.limit)}`;
  const offset = request.offset === undefined ? '' : ` offset ${whole(request.offset)}`;
  await connection.run(
    `copy (select ${selected} from ${source}${limit}${offset}) to ${quoteText(request.to)} (${copyOptions[request.format]})`,
  );
}

async function selectedColumns(
  connection: DuckDBConnection,
  source: string,
  { format, columns }: ExportRequest,
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
