import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Profiling } from './service.ts';

export const profilingRoutes = (profiling: Profiling): Handlers<typeof contract.profiling> => ({
  get: (input, caller, signal) => profiling.get(input, caller, signal),
  compare: (input, caller, signal) => profiling.compare(input, caller, signal),
  report: (input, caller, signal) => profiling.report(input, caller, signal),
});
