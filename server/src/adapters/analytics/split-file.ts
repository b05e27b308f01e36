import type { DuckDBConnection } from '@duckdb/node-api';
import type { FileSlice } from './analytics.ts';
import { quoteName, quoteText } from './sql-text.ts';

/** Rows held in memory at once. */
const windowRows = 262_144;

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

/**
 * See `Analytics.splitFile`. A limit and offset per slice would read the file from its beginning each time;
 * a table in memory finds rows by their number. Its columns have names of ours: a user's `rowid` would hide the number.
 */
export async function splitFile(
  connection: DuckDBConnection,
  path: string,
  slices: readonly FileSlice[],
): Promise<void> {
  const source = `read_parquet(${quoteText(path)})`;
  const described = (await connection.runAndReadAll(`describe select * from ${source}`)).getRowObjectsJS();
  const names = described.map((column) => quoteName(String(column.column_name)));
  const inner = names.map((name, i) => `${name} as c${i}`).join(', ');
  const outer = names.map((name, i) => `c${i} as ${name}`).join(', ');
  const isNumbered = !names.some((name) => name.toLowerCase() === '"file_row_number"');
  for (const window of windowsOf(slices)) {
    const start = window[0]?.start ?? 0;
    const last = window.at(-1);
    const end = last ? last.start + last.rows : start;
    const rows = isNumbered
      ? `where file_row_number >= ${start} and file_row_number < ${end}`
      : `limit ${end - start} offset ${start}`;
    await connection.run(`create or replace temp table cut as select ${inner} from ${source} ${rows}`);
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
  await connection.run(`copy (${rows}) to ${quoteText(slice.to)} (format parquet, compression zstd)`);
}
