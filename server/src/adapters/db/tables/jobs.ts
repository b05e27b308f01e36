/** A job's own side; how far it is stands in the task that has the same id. */
interface JobsTable {
  id: string;
  workspace: string;
  kind: string;
  experiment: string;
  run_id: string;
  /** As submitted, with every reference pinned to a version. */
  spec: string;
  model_version: string | null;
  actor: string;
  created_at: number;
  /** Set in the transaction that ends the run, so that an end is told once. */
  ended_at: number | null;
}

export interface JobsTables {
  jobs: JobsTable;
}
