import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Datasets } from './service.ts';

export const datasetsRoutes = (datasets: Datasets): Handlers<typeof contract.datasets> => ({
  commit: (input, caller) => datasets.commit(input, caller),
  put: (input, caller) => datasets.put(input, caller),
  list: (input, caller) => datasets.list(input, caller),
  get: (input, caller) => datasets.get(input, caller),
  delete: (input, caller) => datasets.delete(input, caller),
  listVersions: (input, caller) => datasets.listVersions(input, caller),
  getVersion: (input, caller) => datasets.getVersion(input, caller),
  listErasures: (input, caller) => datasets.listErasures(input, caller),
  read: (input, caller, signal) => datasets.read(input, caller, signal),
  readFile: (input, caller, signal) => datasets.readFile(input, caller, signal),
  readVersionFile: (input, caller, signal) => datasets.readFile(input, caller, signal),
  update: (input, caller) => datasets.update(input, caller),
  derive: (input, caller) => datasets.derive(input, caller),
  rederive: (input, caller) => datasets.rederive(input, caller),
  split: (input, caller) => datasets.split(input, caller),
  listSplits: (input, caller) => datasets.listSplits(input, caller),
  fork: (input, caller) => datasets.fork(input, caller),
  diff: (input, caller) => datasets.diff(input, caller),
  diffRows: (input, caller) => datasets.diffRows(input, caller),
  diffColumns: (input, caller) => datasets.diffColumns(input, caller),
  exportDiff: (input, caller) => datasets.exportDiff(input, caller),
  verify: (input, caller) => datasets.verify(input, caller),
  deleteVersion: (input, caller) => datasets.deleteVersion(input, caller),
  listTags: (input, caller) => datasets.listTags(input, caller),
  setTag: (input, caller) => datasets.setTag(input, caller),
  deleteTag: (input, caller) => datasets.deleteTag(input, caller),
});
