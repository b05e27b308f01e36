import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Features } from './service.ts';

export const entitiesRoutes = ({ entities, usesOf }: Features): Handlers<typeof contract.entities> => ({
  put: (input, caller) => entities.put(input, caller),
  list: (input, caller) => entities.list(input, caller),
  get: ({ name }, caller) => entities.resolve(name, caller.workspace),
  listVersions: (input, caller) => entities.listVersions(input, caller),
  getVersion: (input, caller) => entities.getVersion(input, caller),
  uses: async (input, caller) => usesOf(caller.workspace, (await entities.getVersion(input, caller)).uri),
  delete: (input, caller) => entities.delete(input, caller),
});

export const featuresRoutes = (features: Features): Handlers<typeof contract.features> => ({
  put: (input, caller) => features.put(input, caller),
  list: (input, caller) => features.list(input, caller),
  get: (input, caller) => features.get(input, caller),
  listVersions: (input, caller) => features.listVersions(input, caller),
  uses: async (input, caller) => features.usesOf(caller.workspace, (await features.get(input, caller)).uri),
  impact: (input, caller) => features.impact(input, caller),
  search: (input, caller) => features.search(input, caller),
  delete: (input, caller) => features.delete(input, caller),
  deleteVersion: (input, caller) => features.deleteVersion(input, caller),
  preview: (input, caller, signal) => features.preview(input, caller, signal),
  materialize: (input, caller) => features.materialize(input, caller),
  listMaterializations: (input, caller) => features.listMaterializations(input, caller),
  getMaterialization: (input, caller) => features.getMaterialization(input, caller),
  cancelMaterialization: (input, caller) => features.cancelMaterialization(input, caller),
  lookup: (input, caller) => features.lookup(input, caller),
  lookupService: (input, caller) => features.lookupService(input, caller),
  push: (input, caller) => features.push(input, caller),
  health: (input, caller, signal) => features.health(input, caller, signal),
  onlineStatus: () => features.onlineStatus(),
  createTrainingSet: (input, caller, signal) => features.createTrainingSet(input, caller, signal),
  cancelTrainingSetBuild: async (input, caller) => features.cancelTrainingSetBuild(input, caller),
  listTrainingSetBuilds: async (input, caller) => ({ items: features.listTrainingSetBuilds(input, caller) }),
});

export const featureServicesRoutes = ({
  services,
  previewService,
  usesOf,
}: Features): Handlers<typeof contract.featureServices> => ({
  put: (input, caller) => services.put(input, caller),
  list: (input, caller) => services.list(input, caller),
  listVersions: (input, caller) => services.listVersions(input, caller),
  get: (input, caller) => services.get(input, caller),
  preview: (input, caller, signal) => previewService(input, caller, signal),
  uses: async (input, caller) => usesOf(caller.workspace, (await services.get(input, caller)).uri),
  delete: (input, caller) => services.delete(input, caller),
  deleteVersion: (input, caller) => services.deleteVersion(input, caller),
});
