/** The list as it was set; the newest revision holds. */
interface DatasetExpectationsTable {
  workspace: string;
  dataset: string;
  revision: number;
  expectations: string;
  created_at: number;
  created_by: string;
}

interface DatasetValidationsTable {
  workspace: string;
  id: string;
  dataset: string;
  /** Null where the rows never became a version. */
  number: number | null;
  cause: string;
  status: string;
  /** Of the expectations that were held against the rows. */
  revision: number;
  row_count: number;
  /** How many passed, warned and failed. */
  counts: string;
  /** One entry per expectation, with sample rows. */
  outcomes: string;
  duration_ms: number;
  created_at: number;
  created_by: string;
}

export interface ValidationTables {
  dataset_expectations: DatasetExpectationsTable;
  dataset_validations: DatasetValidationsTable;
}
