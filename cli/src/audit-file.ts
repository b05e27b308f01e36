/** An exported audit, checked without any server. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { auditGenesis } from '@tidemill/sdk';
import { failures } from './failure.ts';
import { sizeOf } from './files.ts';

export interface FileVerification {
  readonly intact: boolean;
  readonly from: number | null;
  readonly to: number | null;
  /** Of the last entry that holds. */
  readonly digest: string;
  readonly fault: { readonly line: number; readonly position: number; readonly problem: string } | null;
  /** Whether the digest asked for stands at its position. */
  readonly expected: boolean | null;
}

interface First {
  readonly export: string;
  readonly filter: unknown;
  readonly head: { readonly position: number; readonly digest: string };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** @throws fileNotFound, fileUnreadable, auditFileUnknown */
export async function verifyAuditFile(path: string, expect?: string): Promise<FileVerification> {
  await sizeOf(path);
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  let first: First | undefined;
  let digest = auditGenesis;
  let position = 0;
  let expected = expect === undefined ? null : false;
  const say = (problem: string | null, at: number): FileVerification => ({
    intact: problem === null,
    from: position > 0 ? 1 : null,
    to: position > 0 ? position : null,
    digest,
    fault: problem === null ? null : { line: position + 2, position: at, problem },
    expected,
  });
  for await (const line of lines) {
    if (!first) {
      first = parseFirst(path, line);
      continue;
    }
    const found = toSealed(line);
    const due = position + 1;
    if (!found) return say('it is no sealed entry', due);
    if (found.position !== due) return say(`entry ${found.position} stands where ${due} is due`, due);
    if (found.digest !== sha256(digest + sha256(found.content)))
      return say(
        'its digest is not that of its content after the entry before: one of the two was changed',
        due,
      );
    position = due;
    digest = found.digest;
    if (expect === `${position}:${digest}`) expected = true;
  }
  if (!first) throw failures.auditFileUnknown(path, 'it is empty');
  const { head } = first;
  if (position < head.position)
    return say(`entries ${position + 1} to ${head.position} are missing at the end`, position + 1);
  if (position > head.position) return say('it stands behind the head of the chain', head.position + 1);
  return say(digest === head.digest ? null : 'its digest is not that of the head of the chain', position);
}

function parseFirst(path: string, line: string): First {
  let value: Partial<First> | null = null;
  try {
    value = JSON.parse(line);
  } catch {
    // what it is instead does not matter
  }
  if (value?.export !== 'tidemill-audit-1' || !value.head)
    throw failures.auditFileUnknown(path, 'it is no export of the audit as NDJSON');
  if (value.filter !== null)
    throw failures.auditFileUnknown(path, 'it holds a selection, and what that leaves out cannot be checked');
  return value as First;
}

/** The content as it was sealed stands in front of its seal. */
function toSealed(line: string): { content: string; position: number; digest: string } | null {
  const [, content, position, digest] =
    /^(.*),"position":(\d{1,15}),"digest":"([0-9a-f]{64})"\}$/s.exec(line) ?? [];
  if (content === undefined || digest === undefined) return null;
  return { content: `${content}}`, position: Number(position), digest };
}
