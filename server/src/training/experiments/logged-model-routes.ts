import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Experiments } from './service.ts';

export const loggedModelsRoutes = (experiments: Experiments): Handlers<typeof contract.loggedModels> => ({
  getLoggedModel: (input, caller) => experiments.getLoggedModel(input, caller),
  searchLoggedModels: (input, caller) => experiments.searchLoggedModels(input, caller),
  loggedModelMetricHistory: (input, caller) => experiments.modelMetricHistory(input, caller),
  deleteLoggedModel: (input, caller) => experiments.deleteLoggedModel(input, caller),
  restoreLoggedModel: (input, caller) => experiments.restoreLoggedModel(input, caller),
  listLoggedModelArtifacts: (input, caller) => experiments.listArtifacts(input, caller),
  getLoggedModelArtifact: (input, caller) => experiments.getArtifact(input, caller),
});
