interface FeatureDefinitionsTable {
  workspace: string;
  /** `entity`, `view` or `service`. */
  kind: string;
  name: string;
  /** Stays when versions are deleted: a number is never given twice. */
  last_version: number;
  updated_at: number;
}

interface FeatureDefinitionVersionsTable {
  workspace: string;
  kind: string;
  name: string;
  number: number;
  /** JSON; never changes. */
  meaning: string;
  /** JSON: description, owner, tags and what else may change without a new version. */
  about: string;
  created_at: number;
  created_by: string;
}

interface FeatureCatalogueTable {
  workspace: string;
  /** `entity`, `view`, `service` or `feature`. */
  kind: string;
  name: string;
  /** The feature of the view or service, else empty. */
  feature: string;
  /** What it is called, in lower case. */
  title: string;
  /** All it is found by, in lower case, a line each. */
  words: string;
  /** JSON: what a search shows of it. */
  entry: string;
}

interface FeatureMaterializationsTable {
  /** That of its task. */
  id: string;
  workspace: string;
  view: string;
  number: number;
  mode: string;
  trigger_kind: string;
  state: string;
  /** JSON: counts, newest event time, dataset versions. */
  result: string;
  error: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  created_by: string;
}

/** Pushes with a key, so that one sent twice is appended once. */
interface FeaturePushesTable {
  workspace: string;
  view: string;
  push_key: string;
  dataset_version: string;
  created_at: number;
}

interface FeatureHealthTable {
  workspace: string;
  view: string;
  number: number;
  measured_at: number;
  /** JSON: the measurement as the contract shows it. */
  health: string;
}

interface FeaturePushMarksTable {
  workspace: string;
  view: string;
  number: number;
  /** The newest event pushed online. */
  event_time: number;
}

export interface FeaturesTables {
  feature_health: FeatureHealthTable;
  feature_push_marks: FeaturePushMarksTable;
  feature_materializations: FeatureMaterializationsTable;
  feature_pushes: FeaturePushesTable;
  feature_definitions: FeatureDefinitionsTable;
  feature_definition_versions: FeatureDefinitionVersionsTable;
  feature_catalogue: FeatureCatalogueTable;
}
