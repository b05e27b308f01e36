import type { contract } from '@tidemill/contract';
import type { Handlers } from '../../http/bind.ts';
import type { Projects } from './service.ts';

export const projectsRoutes = (projects: Projects): Handlers<typeof contract.projects> => ({
  plan: (input, caller) => projects.plan(input, caller),
  apply: (input, caller) => projects.apply(input, caller),
});
