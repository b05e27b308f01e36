import { createHash } from 'node:crypto';
import type { SubjectPlace } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { SubjectKey } from '../../base/subject.ts';

export type { SubjectKey } from '../../base/subject.ts';

/** One who keeps rows of subjects. What it does may be done again at any time: an attempt may have died anywhere. */
export interface SubjectHolder {
  readonly name: string;
  /** Holders who must have acknowledged before this one begins. */
  readonly after?: readonly string[];
  /** Where rows of the subject are; changes nothing. */
  find(key: SubjectKey, workspace: string): Promise<SubjectPlace[]>;
  /** Erases them. What is thrown is shown, and it is tried again. */
  erase(work: ErasureWork): Promise<{ readonly kept?: number }>;
}

export interface ErasureWork {
  readonly erasure: string;
  readonly key: SubjectKey;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  /** What was erased, in the transaction that did it: what is erased twice is told once. */
  tell(tx: Db, place: SubjectPlace): Promise<void>;
  /** In the transaction in which nothing of ours names the files any more: they hold rows of the subject, and go. */
  doom(tx: Db, blobs: readonly string[]): Promise<void>;
  /** What is to go and is still there. */
  doomed(): Promise<string[]>;
  /**
   * Removes those of the doomed files that nothing names. Gives back those that something names.
   * @throws ErasureNotYet when one was stored so lately that somebody may be about to name it
   */
  removeDoomed(): Promise<string[]>;
}

/** Nothing failed, but it must be gone on with later. */
export class ErasureNotYet extends Error {
  override readonly name = 'ErasureNotYet';
  readonly waitMs: number;
  constructor(reason: string, waitMs: number) {
    super(reason);
    this.waitMs = waitMs;
  }
}

/** Two spellings of one key are one key. */
export const canonicalKey = (key: SubjectKey): string =>
  JSON.stringify(Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1)));

export const keyDigest = (key: SubjectKey, salt: string): string =>
  createHash('sha256')
    .update(`${salt}\n${canonicalKey(key)}`)
    .digest('hex');

/** What no erasure reaches, so that nobody believes otherwise. */
export const remains: readonly string[] = [
  'weights of models that learned from the rows, and input examples saved with them: train them anew on the versions as they are now',
  'artifacts of runs, files and folders of jobs, results of evaluations: delete the runs and collect garbage',
  'files that were downloaded or exported, bundles, and tables of other systems that rows came from: a later pull brings them back',
  'pages of PostgreSQL that it has not yet vacuumed, and its archived logs',
  'backups of the database, of the data folder and of the object store, and older versions that a bucket keeps',
  'on PostgreSQL, files of the prediction log that were merged or outlived within ten minutes of being stored: collect garbage',
  'caches and open prediction logs of other servers of the same database, until they restart or let go of the files',
  'columns of other names: erase the subject by these, too',
];

export const databaseName = 'database';

/** Last of all: what the others deleted from the metadata database is in none of its files any more. */
export const databaseHolder = (scrub: () => Promise<boolean>, after: readonly string[]): SubjectHolder => ({
  name: databaseName,
  after,
  find: async () => [],
  async erase() {
    if (!(await scrub())) throw new ErasureNotYet('the database is being read', 500);
    return {};
  },
});

/** Seconds between attempts grow, so that what is down is not asked all the time. */
export const retryMs = (attempts: number): number => Math.min(300_000, 1_000 * 2 ** Math.min(attempts, 9));
