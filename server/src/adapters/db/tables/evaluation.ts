/** Never changed after the insert. */
interface EvaluationsTable {
  workspace: string;
  id: string;
  model: string;
  version: number;
  /** Everything but the series. */
  body: string;
  series: string;
  created_at: number;
}

export interface EvaluationTables {
  evaluations: EvaluationsTable;
}
