/** A sweep's own side; how far it is stands in the task that has the same id. */
interface SweepsTable {
  id: string;
  workspace: string;
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
}

interface SweepTrialsTable {
  sweep_id: string;
  number: number;
  run_id: string;
  state: string;
  learner: string;
  parameters: string;
  value: number | null;
  error: string | null;
  created_at: number;
  ended_at: number | null;
}

export interface SweepsTables {
  sweeps: SweepsTable;
  sweep_trials: SweepTrialsTable;
}
