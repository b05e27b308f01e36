export { type Client, type ClientOptions, createClient, defaultUrl, TidemillClientError } from './client.ts';
export { type FollowOptions, follow } from './follow.ts';
export { defineProject, type Project } from './project.ts';
export { waitFor } from './wait-for.ts';
