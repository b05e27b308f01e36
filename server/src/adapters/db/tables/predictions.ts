/** Sealed segments of the prediction log; open ones are files. */
export interface PredictionSegmentsTable {
  id: string;
  workspace: string;
  endpoint: string;
  kind: string;
  /** UTC day the segment was begun: with the endpoint, its partition. */
  day: string;
  sha256: string;
  row_count: number;
  /** Fallback answers among predictions, outcomes given by prediction id among outcomes. */
  marked_count: number;
  sealed_at: number;
}

export interface PredictionLogSettingsTable {
  workspace: string;
  endpoint: string;
  retention_days: number | null;
  /** JSON: `[{ column, how }]` */
  redactions: string;
  updated_at: number;
  updated_by: string;
}

export interface PredictionsTables {
  prediction_log_settings: PredictionLogSettingsTable;
  prediction_segments: PredictionSegmentsTable;
}
