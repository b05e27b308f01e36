import type { FastifyPluginAsync } from 'fastify';
import { mlflowBases } from '../../http/mlflow/mlflow-api.ts';
import type { Operation } from '../../http/mlflow/operations.ts';
import { addArtifactRoutes } from './mlflow/artifact-routes.ts';
import { experimentOperations } from './mlflow/experiment-operations.ts';
import { addFileRoutes, addRootFileRoutes } from './mlflow/file-routes.ts';
import { historyOperations } from './mlflow/history-operations.ts';
import { loggedModelOperations } from './mlflow/logged-model-operations.ts';
import { presignedOperations } from './mlflow/presigned-operations.ts';
import { runModelOperations } from './mlflow/run-model-operations.ts';
import { runOperations } from './mlflow/run-operations.ts';
import { addUploadRoutes } from './mlflow/upload-routes.ts';
import type { Experiments } from './service.ts';

/** MLflow's tracking API: another door to the same experiments, for its unmodified clients. */
export const experimentsMlflowOperations = (experiments: Experiments): Operation[] => [
  ...experimentOperations(experiments),
  ...runOperations(experiments),
  ...historyOperations(experiments),
  ...presignedOperations(experiments),
  ...runModelOperations(experiments),
  ...loggedModelOperations(experiments),
];

/** The part of MLflow's API that carries files. */
export const mlflowArtifactRoutes =
  (experiments: Experiments): FastifyPluginAsync =>
  async (http) => {
    await http.register(async (scope) => addRootFileRoutes(scope, experiments));
    for (const base of mlflowBases) {
      await http.register(async (scope) => addArtifactRoutes(scope, base, experiments));
      await http.register(async (scope) => addUploadRoutes(scope, base, experiments));
      await http.register(async (scope) => addFileRoutes(scope, base, experiments));
    }
  };
