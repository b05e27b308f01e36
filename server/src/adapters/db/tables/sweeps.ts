/** A sweep's own side. How far one over learners is stands in the task that has the same id. */
interface SweepsTable {
  id: string;
  workspace: string;
  /** `learners`, or `space`: a search that has a status of its own. */
  kind: string;
  experiment_id: string;
  run_id: string;
  /** As asked for, with defaults filled in and the training set pinned to a version. */
  definition: string;
  training_digest: string;
  best_trial: number | null;
  model_version: string | null;
  actor: string;
  created_at: number;
  ended_at: number | null;
  status: string | null;
  error: string | null;
  /** The task that runs its trials, if they are jobs. */
  task_id: string | null;
  /** Counts what happened in a search, so that whoever saw the first n changes reads only the rest. */
  revision: number;
}

interface SweepTrialsTable {
  sweep_id: string;
  number: number;
  run_id: string;
  state: string;
  /** Empty in a search over a space. */
  learner: string;
  parameters: string;
  value: number | null;
  error: string | null;
  created_at: number;
  ended_at: number | null;
  goal_values: string | null;
  generation: number | null;
  job_id: string | null;
  source: string | null;
  /** The job whose finished run was taken instead of running the trial. */
  cached_from: string | null;
  cost: number | null;
  last_step: number | null;
  last_value: number | null;
  lease: string | null;
  lease_until: number | null;
  /** How often whoever had it was not heard of again. */
  lost: number;
  /** The sweep's when this row last changed. */
  revision: number;
}

interface SweepReportsTable {
  sweep_id: string;
  number: number;
  step: number;
  /** Null where it was not a number. */
  value: number | null;
  revision: number;
}

/** The newest confirmation of a search; the audit has the numbers of those before. */
interface SweepConfirmationsTable {
  sweep_id: string;
  /** Seeds, windows and rule, with nothing left open, and the trials. */
  definition: string;
  status: string;
  /** The choice with its numbers, once there is one. */
  choice: string | null;
  error: string | null;
  task_id: string;
  actor: string;
  created_at: number;
  ended_at: number | null;
}

/** A trial with another seed, on one window. */
interface SweepRepeatsTable {
  sweep_id: string;
  number: number;
  seed: number;
  /** -1 where there are no windows. */
  window_index: number;
  state: string;
  value: number | null;
  error: string | null;
  run_id: string | null;
  job_id: string | null;
}

export interface SweepsTables {
  sweeps: SweepsTable;
  sweep_trials: SweepTrialsTable;
  sweep_reports: SweepReportsTable;
  sweep_confirmations: SweepConfirmationsTable;
  sweep_repeats: SweepRepeatsTable;
}
