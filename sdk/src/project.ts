import type { ProjectDefinition } from '@tidemill/contract';

export type Project = ProjectDefinition;

/**
 * MLOps as typed code: the default export of `tidemill.config.ts`, brought to the server by `tidemill apply`.
 *
 * @example
 * export default defineProject({ name: 'stocks', featureViews: { price_stats: { sql: '…', entity: ['symbol'], eventTime: 'date' } } });
 */
export const defineProject = (project: Project): Project => project;
