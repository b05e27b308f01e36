import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Jobs } from './service.ts';

export const jobsRoutes = (jobs: Jobs): Handlers<typeof contract.jobs> => ({
  submitLearner: (input, caller) => jobs.submitLearner(input, caller),
  submitCommand: (input, caller) => jobs.submitCommand(input, caller),
  putFile: (input) => jobs.putFile(input),
  missingFiles: (input) => jobs.missingFiles(input),
  listFiles: (input, caller) => jobs.listFiles(input, caller),
  getFile: (input, caller) => jobs.getFile(input, caller),
  downloadFile: (input, caller) => jobs.downloadFile(input, caller),
  rebuild: (input, caller) => jobs.rebuild(input, caller),
  rebuilds: (input, caller) => jobs.rebuilds(input, caller),
  retry: (input, caller) => jobs.retry(input, caller),
  list: (input, caller) => jobs.list(input, caller),
  get: (input, caller) => jobs.get(input, caller),
  cancel: (input, caller) => jobs.cancel(input, caller),
  logs: (input, caller) => jobs.logs(input, caller),
});
