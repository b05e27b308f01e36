import type { Generated } from 'kysely';

interface DatasetsTable {
  workspace: string;
  name: string;
  description: string;
  /** Only ever grows, also past a deletion: `prices@3` never means two things. */
  last_version: number;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
}

interface DatasetVersionsTable {
  workspace: string;
  dataset: string;
  number: number;
  /** SHA-256 of the manifest, which is also the blob that holds it. */
  digest: string;
  /** `rows` is a keyword of PostgreSQL in some places. */
  row_count: number;
  bytes: number;
  chunk_count: number;
  columns: string;
  parent: number | null;
  message: string;
  provenance: string;
  /** What its expectations said: passed, warned, failed, or none where there were none. */
  validation: Generated<string>;
  created_at: number;
  created_by: string;
}

interface DatasetTagsTable {
  workspace: string;
  dataset: string;
  tag: string;
  number: number;
}

/** Where the rows of a chunk lie; content alone decides, so workspaces share it as they share blobs. */
interface DatasetChunksTable {
  id: string;
  blob: string;
  row_count: number;
  bytes: number;
}

export interface DatasetsTables {
  datasets: DatasetsTable;
  dataset_versions: DatasetVersionsTable;
  dataset_tags: DatasetTagsTable;
  dataset_chunks: DatasetChunksTable;
}
