export interface RolloutsTable {
  id: string;
  workspace: string;
  endpoint: string;
  candidate: string;
  /** What its features are read from: a view's reference, or `service:` and that of a feature service. */
  view: string | null;
  champion: string;
  /** Name of the live variant the candidate wants to replace, and of its own. */
  champion_variant: string;
  candidate_variant: string;
  stage: string;
  evidence: string | null;
  policy: string;
  timeline: string;
  created_at: number;
  canary_at: number | null;
  finished_at: number | null;
  /** The endpoint while the rollout is active, else null: unique, so there is one at a time. */
  active_endpoint: string | null;
}

export interface RolloutsTables {
  rollouts: RolloutsTable;
}
