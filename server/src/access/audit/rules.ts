import { hash } from 'node:crypto';
import { auditContent, auditGenesis, type SealedContent } from '@tidemill/contract';

/** A row as it is stored; sealed or not. */
export interface StoredEntry extends SealedContent {
  readonly position: number | null;
  readonly digest: string | null;
}

/** Where a chain stands after an entry. */
export interface Link {
  readonly position: number;
  /** Of the entry. */
  readonly id: number;
  readonly digest: string;
}

export interface Head extends Link {
  readonly workspace: string;
  readonly sealedAt: number;
}

export interface Fault {
  readonly position: number;
  readonly id: number | null;
  readonly problem: string;
}

export const genesis: Link = { position: 0, id: 0, digest: auditGenesis };

const sha256 = (text: string): string => hash('sha256', text);

export const contentDigest = (entry: SealedContent): string => sha256(auditContent(entry));

export const follow = (before: Link, entry: SealedContent): Link => ({
  position: before.position + 1,
  id: entry.id,
  digest: sha256(before.digest + contentDigest(entry)),
});

/** What is wrong with an entry that comes right after another one, or nothing. */
export function findFault(before: Link, entry: StoredEntry): Fault | null {
  const next = follow(before, entry);
  const { position, id } = next;
  if (entry.position === null || entry.digest === null)
    return { position, id, problem: 'it is not sealed, but entries after it are: it was put in between' };
  if (entry.position > position)
    return { position, id: null, problem: `entries ${position} to ${entry.position - 1} are missing` };
  if (entry.position < position)
    return { position, id, problem: `it says that it is entry ${entry.position}` };
  if (entry.digest === next.digest) return null;
  return {
    position,
    id,
    problem: 'its digest is not that of its content after the entry before: one of the two was changed',
  };
}

/** Rows end where the head says; what is sealed and missing was deleted at the end. */
export function findEndFault(last: Link, head: Link): Fault | null {
  if (last.position < head.position)
    return {
      position: last.position + 1,
      id: null,
      problem: `entries ${last.position + 1} to ${head.position} are missing at the end`,
    };
  if (last.position > head.position)
    return { position: head.position + 1, id: last.id, problem: 'it stands behind the head of the chain' };
  if (last.digest === head.digest) return null;
  return { position: last.position, id: last.id, problem: 'its digest is not that of the head of the chain' };
}
