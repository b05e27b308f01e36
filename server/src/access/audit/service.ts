import type { AuditEntry, Page } from '@tidemill/contract';
import { type Db, transact } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { decodeCursor, defaultPageSize, isNumber, toPage } from '../../base/page.ts';
import type { Events } from '../../platform/events/service.ts';
import { auditStore } from './store.ts';

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
        await auditStore(tx).append(rows.map((row) => ({ ...row, at: clock.now() })));
        if (rows.length > 0) {
          await events.emit(
            tx,
            ...rows.map(({ action, detail, ...row }) => ({ ...row, kind: action, payload: detail })),
          );
        }
        return result;
      });
    },
  };
}

export type Changes = ReturnType<typeof createChanges>;

export function createAudit({ db }: { readonly db: Db }) {
  return {
    async list(
      input: {
        subject?: string | undefined;
        action?: string | undefined;
        cursor?: string | undefined;
        limit?: number | undefined;
      },
      caller: Caller,
    ): Promise<Page<AuditEntry>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor ? decodeCursor(input.cursor, isNumber) : undefined;
      const rows = await auditStore(db).list({
        workspace: caller.workspace,
        subject: input.subject,
        action: input.action,
        before,
        limit: limit + 1,
      });
      return toPage(rows, limit, (entry) => entry.id);
    },
  };
}

export type Audit = ReturnType<typeof createAudit>;
