import { errors } from '../../base/errors.ts';

/** In this order: a run's files are nobody's only when the run is gone. */
export const phases = ['logged-model', 'run', 'chunks', 'blobs'] as const;

/** Where a collection goes on: behind the last one it looked at, so that what has to stay is not judged for ever. */
export interface Position {
  readonly phase: (typeof phases)[number];
  readonly after: string;
}

/** @throws pageCursorInvalid */
export function toPosition(cursor: string | undefined): Position {
  if (cursor === undefined) return { phase: 'logged-model', after: '' };
  const [name, after, ...rest] = cursor.split('/');
  const phase = phases.find((known) => known === name);
  if (phase && after !== undefined && rest.length === 0 && /^[\w-]{0,256}$/.test(after))
    return { phase, after };
  throw errors.pageCursorInvalid({ cursor: cursor.slice(0, 100) });
}

export const toCursor = ({ phase, after }: Position): string => `${phase}/${after}`;
