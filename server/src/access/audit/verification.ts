import { setImmediate as turn } from 'node:timers/promises';
import type { AuditVerification } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import { decodeCursor, encodeCursor } from '../../base/page.ts';
import { type Fault, findEndFault, findFault, genesis, type Link } from './rules.ts';
import { auditStore } from './store.ts';

const defaultLimit = 20_000;
/** What keeps the event loop for some milliseconds. */
const batchSize = 500;

export interface Expected {
  readonly position: number;
  readonly digest: string;
}

export const parseExpected = (text: string): Expected => {
  const [position = '', digest = ''] = text.split(':');
  return { position: Number(position), digest };
};

interface Walk {
  readonly last: Link;
  readonly fault: Fault | null;
  readonly expected: boolean | null;
  readonly isEnd: boolean;
}

/** Recomputes a workspace's chain from where the cursor stands. */
export async function verifyChain(
  db: Db,
  input: {
    readonly workspace: string;
    readonly cursor?: string | undefined;
    readonly limit?: number | undefined;
    readonly expected?: Expected | undefined;
  },
): Promise<AuditVerification> {
  const { workspace, cursor, limit = defaultLimit, expected: wanted } = input;
  const store = auditStore(db);
  const head = (await store.findHead(workspace)) ?? { ...genesis, sealedAt: null };
  const first = cursor === undefined ? genesis : decodeCursor(cursor, isLink);
  const { last, fault, expected, isEnd } = await walk();
  const found = fault ?? (isEnd ? findEndFault(last, head) : null);
  return {
    intact: found === null,
    from: last.position > first.position ? first.position + 1 : null,
    to: last.position === 0 ? null : last.position,
    digest: last.digest,
    fault: found,
    head: { position: head.position, digest: head.digest, sealedAt: head.sealedAt },
    expected: expected ?? (isEnd && wanted && wanted.position > last.position ? false : null),
    nextCursor: found || isEnd ? null : encodeCursor(last),
  };

  async function walk(): Promise<Walk> {
    let last = first;
    let expected: boolean | null = null;
    for (let left = limit; left > 0; ) {
      const slice = { after: last.id, before: head.id, limit: Math.min(batchSize, left) };
      const entries = await store.listForward(workspace, {}, slice);
      for (const entry of entries) {
        const fault = findFault(last, entry);
        if (fault) return { last, fault, expected, isEnd: false };
        last = { position: last.position + 1, id: entry.id, digest: entry.digest ?? '' };
        if (last.position === wanted?.position) expected = last.digest === wanted.digest;
      }
      if (entries.length < slice.limit) return { last, fault: null, expected, isEnd: true };
      left -= entries.length;
      await turn();
    }
    return { last, fault: null, expected, isEnd: false };
  }
}

function isLink(value: unknown): value is Link {
  if (typeof value !== 'object' || value === null) return false;
  const { position, id, digest } = value as Partial<Record<keyof Link, unknown>>;
  return Number.isSafeInteger(position) && Number.isSafeInteger(id) && typeof digest === 'string';
}
