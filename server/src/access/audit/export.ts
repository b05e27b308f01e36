import { setImmediate as turn } from 'node:timers/promises';
import { auditContent } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import { errors } from '../../base/errors.ts';
import { contentDigest, findFault, genesis, type Link, type StoredEntry } from './rules.ts';
import { type AuditFilter, auditStore } from './store.ts';

const batchSize = 1000;

export type AuditFormat = 'ndjson' | 'csv';

/** The content as it was sealed, and behind it the seal. */
export const toLine = (entry: StoredEntry): string =>
  `${auditContent(entry).slice(0, -1)},"position":${entry.position},"digest":"${entry.digest}"}\n`;

const csvColumns = [
  'position',
  'id',
  'at',
  'workspace',
  'actor',
  'action',
  'subject',
  'detail',
  'digest',
] as const;

const toCell = (value: unknown): string => {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const toCsv = (entry: StoredEntry): string =>
  `${csvColumns.map((name) => toCell(name === 'at' ? new Date(entry.at).toISOString() : entry[name])).join()}\n`;

/**
 * What was sealed when the reading began, oldest first, however much it is. NDJSON begins with a line that says what the
 * head of the chain is, so that a file cut short is known as such.
 */
export async function* exportEntries(
  db: Db,
  workspace: string,
  filter: AuditFilter,
  format: AuditFormat,
): AsyncGenerator<Uint8Array> {
  const store = auditStore(db);
  const head = (await store.findHead(workspace)) ?? genesis;
  const write = format === 'csv' ? toCsv : toLine;
  yield Buffer.from(format === 'csv' ? `${csvColumns.join()}\n` : firstLine(workspace, filter, head));
  let after = 0;
  for (;;) {
    const slice = { after, before: head.id, limit: batchSize };
    const entries = await store.listForward(workspace, filter, slice);
    after = entries.at(-1)?.id ?? after;
    if (entries.length > 0) yield Buffer.from(entries.map(write).join(''));
    if (entries.length < batchSize) return;
  }
}

function firstLine(workspace: string, filter: AuditFilter, { position, digest }: Link): string {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  const only = given.length > 0 ? Object.fromEntries(given) : null;
  return `${JSON.stringify({ export: 'tidemill-audit-1', workspace, filter: only, head: { position, digest } })}\n`;
}

/** An entry with what proves its place. */
export interface ChainEntry {
  readonly entry: StoredEntry;
  readonly line: string;
  readonly position: number;
  /** Digest of its content, of the entry before, and its own. */
  readonly content: string;
  readonly before: string;
  readonly digest: string;
}

/** @throws auditNotIntact */
export async function* readChain(db: Db, workspace: string): AsyncGenerator<ChainEntry> {
  const store = auditStore(db);
  const head = (await store.findHead(workspace)) ?? genesis;
  let last: Link = genesis;
  for (;;) {
    const entries = await store.listForward(
      workspace,
      {},
      { after: last.id, before: head.id, limit: batchSize },
    );
    for (const entry of entries) {
      const fault = findFault(last, entry);
      if (fault) throw errors.auditNotIntact({ position: fault.position, problem: fault.problem });
      const position = last.position + 1;
      const digest = entry.digest ?? '';
      const before = last.digest;
      yield { entry, line: toLine(entry), position, content: contentDigest(entry), before, digest };
      last = { position, id: entry.id, digest };
    }
    if (entries.length < batchSize) return;
    await turn();
  }
}
