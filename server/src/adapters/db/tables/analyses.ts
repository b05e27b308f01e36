export interface AnalysesTable {
  workspace: string;
  name: string;
  description: string;
  sql: string;
  /** The version that each name without one stood for when it was kept. */
  bindings: string;
  versions: string;
  chart: string | null;
  row_limit: number;
  columns: string;
  row_count: number;
  result_digest: string;
  rows_digest: string;
  created_at: number;
  updated_at: number;
  updated_by: string;
}

export interface AnalysesTables {
  analyses: AnalysesTable;
}
