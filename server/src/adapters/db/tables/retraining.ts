export interface RetrainingPoliciesTable {
  workspace: string;
  name: string;
  endpoint: string;
  definition: string;
  created_at: number;
  created_by: string;
}

export interface LoopRunsTable {
  id: string;
  workspace: string;
  policy: string;
  endpoint: string;
  /** Why it was started, in words. */
  cause: string;
  alert: string | null;
  state: string;
  verdict: string | null;
  candidate: string | null;
  rollout: string | null;
  steps: string;
  /** What the steps so far have made, so that none is done twice. */
  made: string;
  /** The policy as it was when the run began. */
  definition: string;
  /** Event time of the trigger: the cooldown counts in the world's days, not in ours. */
  event_time: number | null;
  created_at: number;
  finished_at: number | null;
  /** The endpoint while the run is active, else null: unique, so there is one at a time. */
  active_endpoint: string | null;
}

export interface RetrainingTables {
  retraining_policies: RetrainingPoliciesTable;
  loop_runs: LoopRunsTable;
}
