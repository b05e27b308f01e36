import type { Generated } from 'kysely';

interface DatasetsTable {
  workspace: string;
  name: string;
  description: string;
  /** Only ever grows, also past a deletion: `prices@3` never means two things. */
  last_version: number;
  /** JSON: columns that name a row; null when nobody said. */
  row_key: string | null;
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
  /** Of all files it is read from, each once. */
  bytes: number;
  /** What its commit added to them; null for versions from before this was counted. */
  stored_bytes: number | null;
  chunk_count: number;
  columns: string;
  parent: number | null;
  message: string;
  provenance: string;
  /** The kind of its provenance. */
  made_by: string;
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
  /** Its Parquet file, or the first of its sources. */
  blob: string;
  row_count: number;
  bytes: number;
  /** How it is put together from its sources; null when the blob is the chunk. */
  runs: string | null;
  /** When a commit last named it: what is young may belong to a version that has no row yet. */
  used_at: Generated<number>;
  /** When its blob was found to be other than it should be; the next commit of these rows writes it anew. */
  damaged_at: number | null;
}

/** The files that hold the rows of a chunk without a file of its own. */
interface DatasetChunkSourcesTable {
  chunk: string;
  position: number;
  blob: string;
  /** Of the whole file. */
  bytes: number;
  /** `chunk`: the file of a chunk; `pack`: single rows of many chunks. */
  kind: string;
}

/** Contents in which no two rows have these columns in common: found out once. */
interface DatasetUniqueKeysTable {
  digest: string;
  /** JSON, in alphabetical order. */
  columns: string;
}

interface DatasetSplitsTable {
  workspace: string;
  dataset: string;
  number: number;
  name: string;
  rule: string;
  parts: string;
  created_at: number;
  created_by: string;
}

export interface DatasetsTables {
  datasets: DatasetsTable;
  dataset_versions: DatasetVersionsTable;
  dataset_tags: DatasetTagsTable;
  dataset_chunks: DatasetChunksTable;
  dataset_chunk_sources: DatasetChunkSourcesTable;
  dataset_unique_keys: DatasetUniqueKeysTable;
  dataset_splits: DatasetSplitsTable;
}
