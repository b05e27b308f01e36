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
  /** Asked for with the cache: the run it was taken from, or why there was none; null for all others. */
  cache: string | null;
}

/** Files that a command was handed: its code, and inputs that are plain files. */
interface JobFilesTable {
  job_id: string;
  /** `code`, `input`, `diff` or `lock`. */
  role: string;
  path: string;
  sha256: string;
  executable: number;
}

/** What a command was, in digests: whatever has the same key is the same command on the same things. */
interface JobKeysTable {
  job_id: string;
  workspace: string;
  key: string;
  /** Digests by what they are of, so that two keys can be told apart in words. */
  parts: string;
  environment: string;
  /** What its run held when it succeeded; null until then. */
  results: string | null;
  created_at: number;
}

/** Commands on their way that others wait for instead of running the same; gone when the job ends. */
interface JobFlightsTable {
  workspace: string;
  asked: string;
  job_id: string;
}

/** Jobs that make a run again, with what came of it. */
interface RebuildsTable {
  job_id: string;
  workspace: string;
  of_run: string;
  notes: string;
  result: string | null;
  created_at: number;
}

export interface JobsTables {
  rebuilds: RebuildsTable;
  jobs: JobsTable;
  job_keys: JobKeysTable;
  job_flights: JobFlightsTable;
  job_files: JobFilesTable;
}
