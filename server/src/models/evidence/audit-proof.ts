import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Audit } from '../../access/audit/service.ts';

export interface AuditProof {
  readonly entries: string;
  readonly chain: string;
  readonly count: number;
  readonly first: number | null;
  readonly last: number | null;
  /** Of the last entry. */
  readonly digest: string | null;
}

/**
 * Writes the wanted entries with their seals, and the links of all entries from the first of them to the last, into files
 * of `folder`: a chain may be longer than memory. @throws auditNotIntact
 */
export async function writeAuditProof(
  folder: string,
  chain: ReturnType<Audit['readChain']>,
  isWanted: (entry: { readonly subject: string; readonly detail: string }) => boolean,
): Promise<AuditProof> {
  const [entries, links] = ['entries.ndjson', 'chain.txt'].map((name) =>
    createWriteStream(join(folder, name)),
  );
  if (!entries || !links) throw new Error('unreachable');
  const proof = {
    count: 0,
    first: null as number | null,
    last: null as number | null,
    digest: null as string | null,
  };
  let written = 0;
  let kept = 0;
  for await (const { entry, line, position, content, digest, before } of chain) {
    const wanted = isWanted(entry);
    if (proof.first === null) {
      if (!wanted) continue;
      proof.first = position;
      written += await write(links, `${position - 1} - ${before}\n`);
    }
    written += await write(links, `${position} ${content} ${digest}\n`);
    if (!wanted) continue;
    await write(entries, line);
    kept = written;
    Object.assign(proof, { count: proof.count + 1, last: position, digest });
  }
  await Promise.all([finish(entries), finish(links)]);
  // What came after the last wanted entry says nothing of it.
  await truncate(join(folder, 'chain.txt'), kept);
  return { ...proof, entries: join(folder, 'entries.ndjson'), chain: join(folder, 'chain.txt') };
}

async function write(stream: WriteStream, text: string): Promise<number> {
  if (!stream.write(text)) await once(stream, 'drain');
  return Buffer.byteLength(text);
}

async function finish(stream: WriteStream): Promise<void> {
  stream.end();
  await once(stream, 'close');
}

export const sizeOf = async (path: string): Promise<number> => (await stat(path)).size;
