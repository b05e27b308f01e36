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

export interface FeaturesTables {
  feature_definitions: FeatureDefinitionsTable;
  feature_definition_versions: FeatureDefinitionVersionsTable;
  feature_catalogue: FeatureCatalogueTable;
}
