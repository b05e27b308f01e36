interface RegisteredModelsTable {
  workspace: string;
  name: string;
  description: string;
  /** Only ever grows: `forecaster@3` never means two things. */
  last_version: number;
  created_at: number;
}

/** Never changed after the insert, except `approval`. */
interface ModelVersionsTable {
  workspace: string;
  model: string;
  number: number;
  digest: string;
  files: string;
  inputs: string;
  flavors: string;
  training_range: string;
  run_id: string;
  /** Where in the run's artifacts the folder lay. */
  artifact_path: string;
  training_set: string | null;
  recipe: string | null;
  metrics: string;
  approval: string;
  description: string;
  created_at: number;
  created_by: string;
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

export interface RegistryTables {
  registered_models: RegisteredModelsTable;
  model_versions: ModelVersionsTable;
  model_aliases: ModelAliasesTable;
  model_alias_bindings: ModelAliasBindingsTable;
}
