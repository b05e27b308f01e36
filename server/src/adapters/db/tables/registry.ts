import type { Generated } from 'kysely';

interface RegisteredModelsTable {
  workspace: string;
  name: string;
  description: string;
  /** Only ever grows: `forecaster@3` never means two things. */
  last_version: number;
  created_at: number;
  updated_at: number;
}

/** A name whose model was deleted or renamed: what was called `forecaster@3` stays the only one. */
interface RetiredModelNamesTable {
  workspace: string;
  name: string;
  last_version: number;
  /** The name its versions go by now; null when they were deleted. */
  renamed_to: string | null;
}

/** Files and origin never change after the insert; `approval`, `stage` and `description` do. */
interface ModelVersionsTable {
  workspace: string;
  model: string;
  number: number;
  /** As it was given. */
  source: string | null;
  /** Where MLflow's client downloads from; null stands for the source. */
  location: string | null;
  /** Null when the files are elsewhere. */
  digest: string | null;
  files: string;
  inputs: string;
  outputs: Generated<string>;
  flavors: string;
  training_range: string;
  run_id: string | null;
  run_link: string | null;
  /** The logged model it was registered from. */
  model_id: string | null;
  /** Where in the run's artifacts the folder lay. */
  artifact_path: string | null;
  training_set: string | null;
  recipe: string | null;
  metrics: string;
  approval: string;
  state: Generated<string>;
  stage: string;
  description: string;
  created_at: number;
  created_by: string;
  updated_at: number;
}

interface RegisteredModelTagsTable {
  workspace: string;
  model: string;
  key: string;
  value: string;
}

interface ModelVersionTagsTable extends RegisteredModelTagsTable {
  number: number;
}

interface ModelAliasesTable {
  workspace: string;
  model: string;
  alias: string;
  number: number;
  updated_at: number;
  updated_by: string;
}

/** An alias that follows an endpoint's promotions; it may be bound before it points anywhere. */
interface ModelAliasBindingsTable {
  workspace: string;
  model: string;
  alias: string;
  endpoint_uri: string;
}

/** Never changed after the insert. */
interface ModelTransitionsTable {
  seq: Generated<number>;
  workspace: string;
  model: string;
  number: number;
  from_state: string;
  to_state: string;
  cause: string;
  reason: string;
  actor: string;
  created_at: number;
}

/** Never changed after the insert; without a number the alias was removed. */
interface ModelAliasMovesTable {
  seq: Generated<number>;
  workspace: string;
  model: string;
  alias: string;
  number: number | null;
  reason: string;
  actor: string;
  created_at: number;
}

export interface RegistryTables {
  model_transitions: ModelTransitionsTable;
  model_alias_moves: ModelAliasMovesTable;
  registered_models: RegisteredModelsTable;
  retired_model_names: RetiredModelNamesTable;
  model_versions: ModelVersionsTable;
  registered_model_tags: RegisteredModelTagsTable;
  model_version_tags: ModelVersionTagsTable;
  model_aliases: ModelAliasesTable;
  model_alias_bindings: ModelAliasBindingsTable;
}
