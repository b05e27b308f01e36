import type { Generated } from 'kysely';

interface LoggedModelsTable {
  /** `m-` and 32 hex digits: no run has such an id. */
  id: string;
  workspace: string;
  experiment_id: number;
  name: string;
  model_type: string | null;
  source_run_id: string | null;
  status: string;
  actor: string;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
}

interface LoggedModelTextsTable {
  model_id: string;
  key: string;
  value: string;
}

/** One row per series with its latest point. A series is what one run measured under one key on one dataset. */
interface LoggedModelMetricsTable {
  id: Generated<number>;
  model_id: string;
  key: string;
  run_id: string;
  /** '' where no dataset was named, so that a series is unique on both databases. */
  dataset_name: string;
  dataset_digest: string;
  step: number;
  recorded_at: number;
  /** 0 where `is_nan`, as in `run_metrics`. */
  value: number;
  is_nan: number;
}

interface LoggedModelPointsTable {
  series_id: number;
  recorded_at: number;
  step: number;
  value: number;
  is_nan: number;
}

interface RunModelsTable {
  run_id: string;
  role: 'input' | 'output';
  model_id: string;
  /** Of the training when the model came out; 0 for inputs. */
  step: number;
}

export interface LoggedModelsTables {
  logged_models: LoggedModelsTable;
  logged_model_parameters: LoggedModelTextsTable;
  logged_model_tags: LoggedModelTextsTable;
  logged_model_metrics: LoggedModelMetricsTable;
  logged_model_points: LoggedModelPointsTable;
  run_models: RunModelsTable;
}
