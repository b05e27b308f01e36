import type { Generated } from 'kysely';

interface ExperimentsTable {
  workspace: string;
  /** Counts up within the workspace; 0 is `Default`. */
  id: number;
  name: string;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
  /** Null: this server's own blobs. */
  artifact_location: Generated<string | null>;
}

interface ExperimentTagsTable {
  workspace: string;
  experiment_id: number;
  key: string;
  value: string;
}

interface RunsTable {
  id: string;
  workspace: string;
  experiment_id: number;
  name: string;
  status: string;
  /** Whom the client named; `actor` is who was authenticated. */
  user_name: string;
  actor: string;
  started_at: number;
  ended_at: number | null;
  deleted_at: number | null;
}

interface RunTextsTable {
  run_id: string;
  key: string;
  value: string;
}

/** One row per series (run and key) with its latest point, so that search reads no history. */
interface RunMetricsTable {
  id: Generated<number>;
  run_id: string;
  key: string;
  step: number;
  recorded_at: number;
  /** 0 where `is_nan`: SQLite keeps no NaN. Infinities are kept as they are. */
  value: number;
  is_nan: number;
  /** Of all points; null while every one is NaN. */
  minimum: number | null;
  maximum: number | null;
}

interface MetricPointsTable {
  series_id: number;
  recorded_at: number;
  step: number;
  value: number;
  is_nan: number;
}

/** A stretch of a series that ends with the point named here. Gone as soon as an older point comes in. */
interface MetricSummariesTable {
  series_id: number;
  last_at: number;
  last_step: number;
  last_value: number;
  last_is_nan: number;
  points: number;
  lowest_step: number;
  highest_step: number;
  /** JSON: the points that `thin` chose. */
  summary: string;
}

interface InputDatasetsTable {
  id: string;
  workspace: string;
  experiment_id: number;
  name: string;
  digest: string;
  source_type: string;
  source: string;
  schema: string | null;
  profile: string | null;
}

interface RunInputsTable {
  run_id: string;
  dataset_id: string;
  /** The tag `mlflow.data.context`, apart because runs are searched by it. */
  context: string;
  tags: string;
  /** `prices@3` where the source named a dataset version of ours. */
  reference: string | null;
}

interface RunArtifactsTable {
  /** A run's, or a logged model's (`m-…`). */
  run_id: string;
  path: string;
  sha256: string;
  size: number;
  created_at: number;
}

export interface ExperimentsTables {
  experiments: ExperimentsTable;
  experiment_tags: ExperimentTagsTable;
  runs: RunsTable;
  run_parameters: RunTextsTable;
  run_tags: RunTextsTable;
  run_metrics: RunMetricsTable;
  metric_points: MetricPointsTable;
  metric_summaries: MetricSummariesTable;
  input_datasets: InputDatasetsTable;
  run_inputs: RunInputsTable;
  run_artifacts: RunArtifactsTable;
}
