import type { Permission } from '@tidemill/contract';
import type { Caller } from '../../../base/caller.ts';
import type { Fields } from './fields.ts';

/** One request of MLflow's tracking API; the reply is JSON. */
export interface Operation {
  readonly methods: readonly ('GET' | 'POST')[];
  /** Below `/api/2.0/mlflow/`. */
  readonly path: string;
  readonly permission: Permission;
  /** Bytes of the largest body, where the server's own limit is too small. */
  readonly bodyLimit?: number;
  readonly run: (fields: Fields, caller: Caller) => Promise<Record<string, unknown>>;
}

type Run = Operation['run'];

export const read = (method: 'GET' | 'POST', path: string, run: Run): Operation => ({
  methods: [method],
  path,
  permission: 'read',
  run,
});

export const write = (path: string, run: Run, bodyLimit?: number): Operation => ({
  methods: ['POST'],
  path,
  permission: 'write',
  run,
  ...(bodyLimit !== undefined && { bodyLimit }),
});
