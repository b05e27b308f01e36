import type { Permission } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import type { Fields } from './fields.ts';
import type { Reply } from './long-list.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One request of MLflow's API; the reply is JSON. */
export interface Operation {
  readonly methods: readonly Method[];
  /** Below `/api/2.0/mlflow/`; may hold `:parameters`, which are fields too. */
  readonly path: string;
  readonly permission: Permission;
  /** What a request is about, as uris, for roles on single things; without it such a role does not help. */
  readonly resources?: (fields: Fields) => readonly string[];
  /** A job's token may change through it what is the job's own. */
  readonly byJobs?: boolean;
  /** Bytes of the largest body, where the server's own limit is too small. */
  readonly bodyLimit?: number;
  /** `host` is how the client has addressed this server. */
  readonly run: (fields: Fields, caller: Caller, host: string) => Promise<Reply>;
}

type Run = Operation['run'];

export const read = (
  method: Method | readonly Method[],
  path: string,
  run: Run,
  { resources }: Pick<Operation, 'resources'> = {},
): Operation => ({
  methods: [method].flat(),
  path,
  permission: 'read',
  ...(resources && { resources }),
  run,
});

/** A change by POST, unless another method is named. */
export const write = (
  path: string,
  run: Run,
  {
    method = 'POST',
    ...rest
  }: Pick<Operation, 'bodyLimit' | 'resources' | 'byJobs'> & { readonly method?: Method } = {},
): Operation => ({ ...rest, methods: [method], path, permission: 'write', run });
