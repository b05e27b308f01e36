import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Experiments } from './service.ts';

export const experimentsRoutes = (experiments: Experiments): Handlers<typeof contract.experiments> => ({
  createExperiment: ({ name, tags }, caller) => experiments.ensureExperiment(name, caller, tags),
  listExperiments: (input, caller) => experiments.listExperiments(input, caller),
  getExperiment: ({ id }, caller) => experiments.getExperiment(id, caller.workspace),
  listKeys: (input, caller) => experiments.listKeys(input, caller),
  createRun: (input, caller) => experiments.createRun(input, caller),
  getRun: (input, caller) => experiments.getRun(input, caller),
  updateRun: (input, caller) => experiments.updateRun(input, caller),
  deleteRun: async ({ id }, caller) => {
    await experiments.deleteRun(id, caller);
    return {};
  },
  restoreRun: async ({ id }, caller) => {
    await experiments.restoreRun(id, caller);
    return experiments.getRun({ id }, caller);
  },
  logBatch: (input, caller) => experiments.logBatch(input, caller),
  searchRuns: (input, caller) => experiments.searchRuns(input, caller),
  countRuns: (input, caller) => experiments.countRuns(input, caller),
  metricHistory: (input, caller) => experiments.metricHistory(input, caller),
  diffRuns: (input, caller) => experiments.diffRuns(input, caller),
  watchRun: (input, caller, signal) => experiments.watchRun(input, caller, signal),
  sampleMetrics: (input, caller, signal) => experiments.sampleMetrics(input, caller, signal),
  listArtifacts: (input, caller) => experiments.listArtifacts(input, caller),
  putArtifact: (input, caller) => experiments.putArtifact(input, caller),
  getArtifact: (input, caller) => experiments.getArtifact(input, caller),
});
