import type { Operation } from '../../http/mlflow/operations.ts';
import { modelOperations } from './mlflow/model-operations.ts';
import { type StageGuard, versionOperations } from './mlflow/version-operations.ts';
import type { Registry } from './service.ts';

/** MLflow's model registry: another door to the same models. Setting and deleting aliases is governance's. */
export const registryMlflowOperations = (registry: Registry, guard?: StageGuard): Operation[] => [
  ...modelOperations(registry),
  ...versionOperations(registry, guard),
];
