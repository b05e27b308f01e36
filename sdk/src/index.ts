// The promise itself, so that whoever holds the client has its types and its list of endpoints too.

export * from '@tidemill/contract';
export {
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
  defaultUrl,
  TidemillClientError,
} from './client.ts';
export { type FollowOptions, follow } from './follow.ts';
export { defineProject, type Project } from './project.ts';
export { waitFor } from './wait-for.ts';
export { watchRun } from './watch-run.ts';
