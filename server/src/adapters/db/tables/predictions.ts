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

export interface PredictionsTables {
  prediction_segments: PredictionSegmentsTable;
}
