import type { Column, DatasetVersion } from '@tidemill/contract';
import type { TableSource } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';

/** Rows that lie in blobs already and wait to become a version. What costs something is only made when asked for. */
export interface CommitCandidate {
  readonly workspace: string;
  readonly name: string;
  readonly digest: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly table: () => Promise<TableSource>;
  /** The version that would come before it. */
  readonly before: () => Promise<DatasetVersion | null>;
}

export interface CommitVerdict {
  readonly status: DatasetVersion['validation'];
  /** Keeps what was found, in the transaction that makes the version. */
  record(tx: Db, version: DatasetVersion): Promise<void>;
}

/** Judges a commit: null where there is nothing to judge by, an error where it must not become a version. */
export type CheckCommit = (candidate: CommitCandidate, caller: Caller) => Promise<CommitVerdict | null>;
