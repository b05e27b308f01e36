import type { Generated } from 'kysely';

/** Never changed after the insert. */
interface EvaluationsTable {
  workspace: string;
  id: string;
  /** Empty, and version 0, where no registered model is judged. */
  model: string;
  version: number;
  source: Generated<string>;
  task: Generated<string>;
  /** `prices@3`. */
  dataset: Generated<string>;
  /** Everything but series and findings. */
  body: string;
  series: string;
  /** Slices, curves, confusion, residuals; null where there were none yet. */
  findings: string | null;
  created_at: number;
}

export interface EvaluationTables {
  evaluations: EvaluationsTable;
}
