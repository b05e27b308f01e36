export interface SubjectErasuresTable {
  id: string;
  workspace: string;
  /** JSON: names of the key columns. */
  columns: string;
  /** JSON; null when all have erased it. */
  subject_key: string | null;
  salt: string;
  key_digest: string;
  reason: string;
  models: string;
  derived: string;
  created_at: number;
  created_by: string;
  finished_at: number | null;
}

export interface SubjectErasureHoldersTable {
  erasure: string;
  holder: string;
  attempts: number;
  error: string | null;
  places: string;
  kept: number;
  acknowledged_at: number | null;
}

/** Files that hold rows of the subject and are to go. */
export interface SubjectErasureBlobsTable {
  erasure: string;
  holder: string;
  blob: string;
}

/** What a version was before rows of it were erased. */
export interface DatasetErasuresTable {
  workspace: string;
  dataset: string;
  number: number;
  old_digest: string;
  new_digest: string;
  row_count: number;
  erasure: string;
  erased_at: number;
}

export interface ErasuresTables {
  subject_erasures: SubjectErasuresTable;
  subject_erasure_holders: SubjectErasureHoldersTable;
  subject_erasure_blobs: SubjectErasureBlobsTable;
  dataset_erasures: DatasetErasuresTable;
}
