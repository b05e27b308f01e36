/**
 * Columnar work on files: trusted queries of ours, sealed queries of users, reading uploads, writing downloads.
 * Paths are local files (`Blobs.localPath`); nothing here knows datasets or versions.
 */
import type { ColumnType } from '@tidemill/contract/common';
import type { RowRuns } from '../../base/row-runs.ts';

export type { ColumnType };

export interface ColumnDefinition {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether a value may be missing; `importFile` reports whether one is. */
  readonly nullable?: boolean;
}

export interface Locator {
  readonly name: string;
  readonly starts: readonly number[];
  /** Every column of the files, in their order: one called as the engine's own number of a row would hide that. */
  readonly columns: readonly Pick<ColumnDefinition, 'name'>[];
}

/** A table made of files. Rows come in the order of the paths, then in file order. */
export interface TableSource {
  readonly paths: readonly string[];
  /** Newline-delimited JSON that follows the Parquet files, such as an open log segment; needs `columns`. A torn line is skipped. */
  readonly lines?: readonly string[];
  /** Only these columns, cast to these types; lets a table without files have a shape. */
  readonly columns?: readonly ColumnDefinition[];
  /** Some of the columns may be in none of the files; they are null there. */
  readonly mayLack?: boolean;
  /** Instead of files: what trusted SQL of ours makes of other tables. */
  readonly made?: { readonly sql: string; readonly tables: Readonly<Record<string, TableSource>> };
  /** Adds a column with the number of each row: that in its Parquet file, plus what is said for the file. Rows of `lines` have none. */
  readonly locator?: Locator;
}

export type Parameter =
  | string
  | number
  | bigint
  | boolean
  | Date
  | null
  | readonly string[]
  | readonly number[];

export interface QueryRequest {
  /** One select statement. `$1`, `$2` … stand for `parameters`. */
  readonly sql: string;
  /** Names the statement may read from, quoted where it uses them if they are not plain words. */
  readonly tables?: Readonly<Record<string, TableSource>>;
  readonly parameters?: readonly Parameter[];
  /** Interrupts the query; the promise then rejects with `queryCancelled`. */
  readonly signal?: AbortSignal;
  /** Rows beyond this many are left out and `truncated` is true. No limit when absent (sandboxed: 10,000). */
  readonly maxRows?: number;
  /** Characters of text in the rows beyond which it fails with `queryTooLarge`; for `query` and `sandboxedQuery`. */
  readonly maxCharacters?: number;
  /** Texts beyond so many characters are cut there, and end with `…`: what is read of them is no more. For `sandboxedQuery`. */
  readonly maxCell?: number;
}

export type Cell = string | number | boolean | null;
export interface ColumnHead {
  readonly name: string;
  readonly type: ColumnType;
}

export interface QueryReply {
  readonly columns: readonly ColumnHead[];
  /** Timestamps and dates as ISO 8601 text (UTC), nested values as JSON text, every number as a number. */
  readonly rows: readonly Readonly<Record<string, Cell>>[];
  readonly truncated: boolean;
}

/** Numbers and booleans (0/1) with NaN where the value is missing; anything else as text or null. */
export type ColumnValues = Float64Array | readonly (string | null)[];

export interface ColumnsReply {
  readonly names: readonly string[];
  readonly types: readonly ColumnType[];
  readonly values: readonly ColumnValues[];
  readonly rowCount: number;
}

/** Every column must be a DOUBLE, and comes in its order, in memory that threads can share. */
export interface NumbersRequest extends Omit<QueryRequest, 'maxRows' | 'maxCharacters'> {
  /** How many rows the statement gives, at most. */
  readonly rows: number;
  /** Ascending; only the rows at these places are kept. Missing values are told of all. */
  readonly places?: Uint32Array;
}

export interface NumberColumn {
  /** NaN where the value is missing. */
  readonly values: Float64Array;
  /** A bit for each row, the lowest of a byte first: 1 where the value is missing. Null where none is. */
  readonly nulls: Uint8Array | null;
  readonly nullCount: number;
}

export type FileFormat = 'csv' | 'tsv' | 'parquet' | 'ndjson' | 'json';
/** Text without types of its own. */
export const isDelimited = (format: FileFormat): boolean => format === 'csv' || format === 'tsv';
/** Arrow IPC: the file format (Feather V2), or the stream. */
export type ExportFormat = FileFormat | 'arrow' | 'arrow-stream';

export interface ImportRequest {
  readonly path: string;
  /** What messages call the file; the path when absent. */
  readonly label?: string;
  readonly format: FileFormat;
  /** Our column name <- the file's. Columns not named keep their own. */
  readonly mapping?: Readonly<Record<string, string>>;
  /** How dates are written, in strptime letters (`%d.%m.%Y`), in whatever columns they fit; ISO 8601 is always understood. The first that fits a value counts. */
  readonly dateFormat?: readonly string[];
  /** The same for single columns, by our names: every value must then fit one of the formats, which goes before `types`. */
  readonly dateFormats?: Readonly<Record<string, readonly string[]>>;
  /** Types a column (by our name) must have; a value that does not fit is an error naming its line. Others are inferred from every row. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** Of a Parquet file only rows whose column, by our name, is greater than this: parts that hold none are not read. Other formats, and types that it does not fit, give all rows. */
  readonly behind?: { readonly column: string; readonly after: string };
  /** The Parquet file to write. */
  readonly to: string;
  /** Whether a large file may be written in pieces instead: `to.0`, `to.1` … The reply says whether it was. */
  readonly mayCut?: boolean;
  readonly signal?: AbortSignal;
}

/** What was read and may not be what was meant. */
export interface ImportWarning {
  readonly column: string;
  readonly message: string;
  readonly remedy: string;
}

export interface ImportReply {
  /** How it was packed, and its encoding if that was not UTF-8. */
  readonly compression?: 'gzip' | 'zstd';
  readonly encoding?: string;
  readonly columns: readonly Required<ColumnDefinition>[];
  readonly rows: number;
  /** The rows in several files instead of one, and what `digestFile` would give of them. */
  readonly pieces?: { readonly files: readonly RowFile[]; readonly chunks: readonly RowChunk[] };
  readonly warnings?: readonly ImportWarning[];
}

export interface ExportRequest {
  readonly table: TableSource;
  readonly columns?: readonly string[];
  readonly limit?: number;
  readonly offset?: number;
  readonly format: ExportFormat;
  readonly to: string;
  readonly signal?: AbortSignal;
}

/** A run of rows whose borders depend on their content alone, so equal rows give equal chunks in any version. */
export interface RowChunk {
  readonly start: number;
  readonly rows: number;
  /** SHA-256, hex, of the canonical bytes of its rows. */
  readonly digest: string;
}

export interface ChunkSizes {
  readonly minimum: number;
  readonly average: number;
  readonly maximum: number;
}

/** A Parquet file of ours and the rows in it. */
export interface RowFile {
  readonly path: string;
  readonly rows: number;
}

/** Rows of a table that go into a file of their own. */
export interface FileSlice {
  readonly start: number;
  readonly rows: number;
  readonly to: string;
}

/** Rows in pieces: the runs of `paths` one after another (`base/row-runs.ts`), as one table with these columns. */
export interface ScatteredRows {
  readonly paths: readonly string[];
  readonly columns: readonly ColumnHead[];
  readonly runs: RowRuns;
}

export interface GatherRequest {
  readonly rows: ScatteredRows;
  readonly to: string;
  /** Rows per row group: small where others will read a few rows out of many. */
  readonly rowGroup?: number;
}

export interface AlignRequest {
  readonly columns: readonly ColumnHead[];
  /**
   * The old rows in their order, as pieces that are each runs in text form of some of the paths. `loose` are those of
   * the paths that hold single rows of many chunks.
   */
  readonly old: {
    readonly paths: readonly string[];
    readonly pieces: readonly { readonly runs: string; readonly sources: readonly number[] }[];
    readonly loose: readonly number[];
  };
  /** The new rows, and which of them are asked about: runs in ascending order. */
  readonly path: string;
  readonly chunks: readonly { readonly start: number; readonly rows: number }[];
  /** Shares of a chunk's rows, and files; a chunk that needs more is not worth it. */
  readonly limits: { readonly scattered: number; readonly runs: number; readonly sources: number };
}

export interface AlignReply {
  /** Per chunk its rows as runs in text form (`base/row-runs.ts`), or null. `sources` are indices of the old paths; -1 stands for the file that `fresh` makes. */
  readonly chunks: readonly ({ sources: number[]; runs: string; newRows: number } | null)[];
  /** The rows that are in no old file: runs of the new file. */
  readonly fresh: { readonly runs: RowRuns; readonly rows: number };
}

export interface SealedRequest {
  /** What its statements may read. */
  readonly tables: Readonly<Record<string, TableSource>>;
  /** Files it may write; no others. */
  readonly outputs?: readonly string[];
  /** One thread gives a select without an order the same order every time; default all. */
  readonly threads?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A user's select that was found to be one, with its columns. */
export interface SealedSelect {
  readonly columns: readonly ColumnHead[];
  /** To stand behind `from` in SQL of ours: its columns are `c0`, `c1` … in our six types. */
  readonly from: string;
}

/** Rows of 64 bits a value, column by column: whole numbers, times in microseconds. Valid until the next ones. */
export interface Int64Rows {
  readonly count: number;
  readonly columns: readonly BigInt64Array[];
}

/** A table that is being filled. `next` gives the place in the columns where the next row is to be written, all of it. */
export interface RowWriter {
  readonly columns: readonly BigInt64Array[];
  next(): number;
}

export interface WalkRequest {
  /** A select of ours; no value of it is missing. */
  readonly sql: string;
  /** A new table, and its columns. */
  readonly table: string;
  readonly columns: Readonly<Record<string, 'integer' | 'timestamp' | 'double'>>;
}

/** An engine for work in several steps, on users' selects and with SQL of ours. Its tables are gone when the work ends. */
export interface SealedEngine {
  /** Fails with `queryRefused` unless the text is one select. */
  select(sql: string): Promise<SealedSelect>;
  /** One statement of ours. */
  run(sql: string): Promise<void>;
  query(sql: string): Promise<QueryReply>;
  /** Writes a select of ours to one of the outputs, in the order of its rows. */
  copy(sql: string, to: string): Promise<void>;
  /** Makes a table of what `step` makes of the rows of a select, some at once, in their order; memory does not grow with either. */
  walk(request: WalkRequest, step: (rows: Int64Rows, made: RowWriter) => void): Promise<void>;
}

export interface Analytics {
  /** Trusted SQL of ours, never a user's. Fails with `queryFailed`, `queryTooLarge`, `queryCancelled` or `analyticsBusy`. */
  query(request: QueryRequest): Promise<QueryReply>;
  /** The same, column by column for the statistics: no object per row. */
  columns(request: QueryRequest): Promise<ColumnsReply>;
  /** Many doubles, as fast as memory can be copied: up to 8 bytes for each value are held at once. */
  numbers(request: NumbersRequest): Promise<readonly NumberColumn[]>;
  /** Trusted SQL of ours, its whole result written to a Parquet file in the order of its rows. */
  copy(request: QueryRequest & { readonly to: string }): Promise<ImportReply>;
  /** Trusted SQL of ours of one text column, each value a line of a text file; the values have no line breaks. */
  copyLines(request: QueryRequest & { readonly to: string }): Promise<void>;
  /** A user's select, sealed: it reads its tables and nothing else, and cannot write. Fails with `queryRefused` if it is no select. */
  sandboxedQuery(request: QueryRequest): Promise<QueryReply>;
  /** A user's select, its whole result written to a Parquet file by us (`maxRows`, if given, is a limit that fails). */
  sandboxedCopy(request: QueryRequest & { readonly to: string }): Promise<ImportReply>;
  /**
   * Runs `work` in an engine of its own that reads its tables and writes its outputs and nothing else. There is one such
   * engine at a time, with the memory of `query` and room to spill; others wait.
   */
  sealed<T>(request: SealedRequest, work: (engine: SealedEngine) => Promise<T>): Promise<T>;
  /**
   * Reads an upload into a typed Parquet file. Decimals and huge integers become doubles; times, intervals, uuids,
   * enums and blobs text; lists and structs JSON text; zoned timestamps UTC. Fails with `fileUnreadable` naming
   * file, line, column and remedy; then `to` does not exist.
   */
  importFile(request: ImportRequest): Promise<ImportReply>;
  /** Rows in their order; equal requests give equal bytes, whatever the number of threads. Fails leave no file. */
  exportFile(request: ExportRequest): Promise<void>;
  /** Types and row count of a Parquet file of ours, from its footer. */
  describeFile(path: string): Promise<{ columns: readonly ColumnHead[]; rows: number }>;
  /** Writes runs of rows of a table in Parquet files of ours, given in ascending order, into Parquet files of their own. */
  splitFile(files: readonly RowFile[], slices: readonly FileSlice[]): Promise<void>;
  /** Rows of each Parquet file, from their footers. */
  countRows(paths: readonly string[]): Promise<number[]>;
  /** Content-defined chunks of a Parquet file, or of several as one table (docs/decisions/003-canonical-rows.md). */
  digestFile(
    path: string | readonly string[],
    options?: { readonly sizes?: ChunkSizes; readonly signal?: AbortSignal },
  ): Promise<{ chunks: readonly RowChunk[]; rows: number }>;
  /** Proposes how chunks of a file could be put together from old rows and few new ones. Nothing is proved: see `countEqual`. */
  alignFile(request: AlignRequest): Promise<AlignReply>;
  /** Writes scattered rows, in the order of their runs, into one Parquet file. */
  gatherRows(request: GatherRequest): Promise<void>;
  /** How many of the scattered rows equal, value by value, the row of the file at the same place. */
  countEqual(
    rows: ScatteredRows,
    other: { readonly path: string; readonly start: number; readonly rows: number },
  ): Promise<number>;
  /** Waits for what runs, then frees everything. */
  close(): Promise<void>;
}
