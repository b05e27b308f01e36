import type {
  AuditEntry,
  AuditVerification,
  auditEndpoints,
  Download,
  Input,
  Page,
} from '@tidemill/contract';
import { type Db, parseJson, transact } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { decodeCursor, defaultPageSize, isNumber, toPage } from '../../base/page.ts';
import type { Events } from '../../platform/events/service.ts';
import { type ChainEntry, exportEntries, readChain } from './export.ts';
import type { StoredEntry } from './rules.ts';
import { createSealer, type SealerDependencies } from './sealer.ts';
import { auditStore } from './store.ts';
import { parseExpected, verifyChain } from './verification.ts';

export interface Change {
  /** Names the audit row and the event alike: `dataset.committed`. */
  readonly action: string;
  /** Uri of what changed. */
  readonly subject: string;
  readonly detail?: Record<string, unknown>;
}

export interface ChangesDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly events: Events;
}

/**
 * Every change of state goes through `run`: one transaction that holds the change, its audit rows and its events.
 * `work` may run twice (a conflict is retried), so it touches nothing but the transaction.
 */
export function createChanges({ db, clock, events }: ChangesDependencies) {
  return {
    run<T>(caller: Caller, work: (tx: Db, record: (change: Change) => void) => Promise<T>): Promise<T> {
      return transact(db, async (tx) => {
        const changes: Change[] = [];
        const result = await work(tx, (change) => changes.push(change));
        const rows = changes.map((change) => ({
          workspace: caller.workspace,
          actor: caller.actor,
          action: change.action,
          subject: change.subject,
          detail: change.detail ?? {},
        }));
        if (rows.length === 0) return result;
        await events.emit(
          tx,
          ...rows.map(({ action, detail, ...row }) => ({ ...row, kind: action, payload: detail })),
        );
        // Under the outbox lock by now: the order of ids is that of commits, which the chain goes by.
        await auditStore(tx).append(rows.map((row) => ({ ...row, at: clock.now() })));
        return result;
      });
    },
  };
}

export type Changes = ReturnType<typeof createChanges>;

export interface AuditDependencies extends SealerDependencies {}

type Contract = typeof auditEndpoints;

/** Who did what. Entries are only added, and each is sealed into its workspace's chain within seconds of its commit. */
export function createAudit(deps: AuditDependencies) {
  const { db } = deps;
  const sealer = createSealer(deps);

  return {
    start: sealer.start,
    stop: sealer.stop,

    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<AuditEntry>> {
      const { cursor, limit = defaultPageSize, ...filter } = input;
      const before = cursor ? decodeCursor(cursor, isNumber) : undefined;
      const rows = await auditStore(db).list(caller.workspace, filter, { before, limit: limit + 1 });
      const page = toPage(rows, limit, (entry) => entry.id);
      return { ...page, items: page.items.map(toContract) };
    },

    /** Up to now, so many entries a call. */
    async verify(input: Input<Contract['verify']>, caller: Caller): Promise<AuditVerification> {
      const { cursor, limit, expect } = input;
      if (cursor === undefined) await sealer.seal();
      const expected = expect === undefined ? undefined : parseExpected(expect);
      return verifyChain(db, { workspace: caller.workspace, cursor, limit, expected });
    },

    /** Every entry sealed by now, in the order of the chain, with what proves its place. @throws auditNotIntact */
    async *readChain(workspace: string): AsyncGenerator<ChainEntry> {
      await sealer.seal();
      yield* readChain(db, workspace);
    },

    /** All up to now, as one stream. */
    async export(input: Input<Contract['export']>, { workspace }: Caller): Promise<Download> {
      const { format = 'ndjson', accept: _accept, ...filter } = input;
      await sealer.seal();
      return {
        content: exportEntries(db, workspace, filter, format),
        mediaType: format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
        fileName: `audit.${format}`,
      };
    },
  };
}

export type Audit = ReturnType<typeof createAudit>;

const toContract = ({ workspace: _workspace, detail, ...entry }: StoredEntry): AuditEntry => ({
  ...entry,
  detail: parseJson(detail),
});
