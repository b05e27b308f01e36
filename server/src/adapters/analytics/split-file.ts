import type { DuckDBConnection } from '@duckdb/node-api';
import type { FileSlice, RowFile } from './analytics.ts';
import { quoteName, quoteText } from './sql-text.ts';

/** Rows held in memory at once. */
const windowRows = 262_144;
/** As many as one chunk has at most. */
const fewRows = 16_384;
/** For files of many chunks, which only we read: half the time of the encodings of Parquet's first version, and smaller. */
export const segmentOptions =
  'compression zstd, compression_level 1, parquet_version v2, row_group_size 122880';

/** Neighbouring slices, so that each window of the file is read once however many slices lie in it. */
function windowsOf(slices: readonly FileSlice[]): FileSlice[][] {
  const windows: FileSlice[][] = [];
  for (const slice of slices) {
    const window = windows.at(-1);
    const first = window?.[0];
    if (window && first && slice.start + slice.rows - first.start <= windowRows) window.push(slice);
    else windows.push([slice]);
  }
  return windows;
}

/** The rows of a table from `start` to `end`, from the files that hold them. */
function rowsSql(
  files: readonly RowFile[],
  columns: string,
  { start, end, isNumbered }: { start: number; end: number; isNumbered: boolean },
): string {
  const parts: string[] = [];
  let first = 0;
  for (const { path, rows } of files) {
    const from = Math.max(0, start - first);
    const to = Math.min(rows, end - first);
    first += rows;
    if (from >= to) continue;
    const wanted = isNumbered
      ? `where file_row_number >= ${from} and file_row_number < ${to}`
      : `limit ${to - from} offset ${from}`;
    parts.push(`(select ${columns} from read_parquet(${quoteText(path)}) ${wanted})`);
  }
  return parts.join(' union all ');
}

/**
 * See `Analytics.splitFile`. A limit and offset per slice would read the file from its beginning each time;
 * a table in memory finds rows by their number. Its columns have names of ours: a user's `rowid` would hide the number.
 */
export async function splitFile(
  connection: DuckDBConnection,
  files: readonly RowFile[],
  slices: readonly FileSlice[],
): Promise<void> {
  const source = `read_parquet(${quoteText(files[0]?.path ?? '')})`;
  const described = (await connection.runAndReadAll(`describe select * from ${source}`)).getRowObjectsJS();
  const names = described.map((column) => quoteName(String(column.column_name)));
  const inner = names.map((name, i) => `${name} as c${i}`).join(', ');
  const outer = names.map((name, i) => `c${i} as ${name}`).join(', ');
  const isNumbered = !names.some((name) => name.toLowerCase() === '"file_row_number"');
  for (const window of windowsOf(slices)) {
    const start = window[0]?.start ?? 0;
    const last = window.at(-1);
    const end = last ? last.start + last.rows : start;
    const rows = rowsSql(files, inner, { start, end, isNumbered });
    await connection.run(`create or replace temp table cut as ${rows}`);
    try {
      for (const slice of window) await writeSlice(connection, outer, slice, slice.start - start);
    } finally {
      await connection.run('drop table if exists temp.cut');
    }
  }
}

async function writeSlice(
  connection: DuckDBConnection,
  columns: string,
  slice: FileSlice,
  offset: number,
): Promise<void> {
  const rows = `select ${columns} from temp.cut where rowid >= ${offset} and rowid < ${offset + slice.rows}`;
  const options = slice.rows > fewRows ? segmentOptions : 'compression zstd';
  await connection.run(`copy (${rows}) to ${quoteText(slice.to)} (format parquet, ${options})`);
}
