import type { Generated } from 'kysely';

interface ArtifactUploadsTable {
  id: string;
  workspace: string;
  /** The run or logged model that gets the file. */
  owner_id: string;
  path: string;
  part_count: number;
  actor: string;
  created_at: number;
  completed_at: number | null;
}

/** The highest number an experiment of the workspace had before it was removed for good. */
interface ExperimentNumbersTable {
  workspace: string;
  last_id: number;
}

/** A run or logged model whose row is gone while its parameters, points and files are still being cleared. */
interface ArtifactOwnerRemovalsTable {
  id: string;
  kind: string;
  created_at: number;
  /** Its experiment's; null in rows of versions that had no folders. */
  location: Generated<string | null>;
}

export interface ArtifactsTables {
  artifact_uploads: ArtifactUploadsTable;
  experiment_numbers: ExperimentNumbersTable;
  artifact_owner_removals: ArtifactOwnerRemovalsTable;
}
