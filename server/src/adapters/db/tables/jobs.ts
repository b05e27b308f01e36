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

/** Files that a command was handed: its code, and inputs that are plain files. */
interface JobFilesTable {
  job_id: string;
  /** `code`, `input` or `diff`. */
  role: string;
  path: string;
  sha256: string;
  executable: number;
}

export interface JobsTables {
  jobs: JobsTable;
  job_files: JobFilesTable;
}
