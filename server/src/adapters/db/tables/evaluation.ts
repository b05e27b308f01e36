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

interface StudiesTable {
  workspace: string;
  id: string;
  task: string;
  kind: string;
  state: string;
  /** Empty, and version 0, where no registered model is looked at. */
  model: string;
  version: number;
  /** `prices@3`, or the select. */
  dataset: string;
  target: string;
  request: string;
  report: string | null;
  error: string | null;
  created_at: number;
  created_by: string;
  finished_at: number | null;
}

export interface EvaluationTables {
  evaluations: EvaluationsTable;
  studies: StudiesTable;
}
