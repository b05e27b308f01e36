export interface SourcesTable {
  id: string;
  workspace: string;
  name: string;
  dataset: string;
  /** `SourceLocation`, without anything secret. */
  origin: string;
  location: string;
  /** Names only; the values are sealed under the source's uri. */
  secret_names: string;
  format: string | null;
  mapping: string | null;
  date_format: string | null;
  mode: string;
  key_columns: string | null;
  cursor_column: string | null;
  cursor_lookback: number | null;
  /** The greatest value that is in a version; moved in the transaction that makes the version. */
  cursor_value: string | null;
  schedule: string | null;
  next_pull_at: number | null;
  /** What the place said of the content that was read last. */
  validator: string | null;
  /** The pull that has not ended, if any: one at a time. */
  active_pull: string | null;
  created_at: number;
  updated_at: number;
  created_by: string;
}

export interface SourcePullsTable {
  id: string;
  source: string;
  task: string;
  trigger: string;
  state: string;
  is_full: number;
  /** Columns that somebody accepted before it began. */
  accepted: string | null;
  bytes: number | null;
  row_count: number | null;
  version: string | null;
  cursor_column: string | null;
  cursor_from: string | null;
  cursor_to: string | null;
  /** How the columns differ, and the columns that were found. */
  change: string | null;
  found: string | null;
  error_code: string | null;
  error: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  created_by: string;
}

export interface SourcesTables {
  sources: SourcesTable;
  source_pulls: SourcePullsTable;
}
