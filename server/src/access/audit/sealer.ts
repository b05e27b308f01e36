import { setImmediate as turn } from 'node:timers/promises';
import { type Db, transact } from '../../adapters/db/db.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { follow, genesis, type Head, type Link } from './rules.ts';
import { auditStore } from './store.ts';

export interface SealerDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long an entry may wait for its seal. */
  readonly everyMs?: number;
}

/** What keeps a transaction within some ten milliseconds. */
const batchSize = 500;

/**
 * Seals entries after their commit, in batches, so that no change waits for the chain. Ids are given under the outbox lock,
 * so what is visible is a beginning of what will be: none is passed over.
 */
export function createSealer({ db, clock, logger, everyMs = 1000 }: SealerDependencies) {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isStopped = true;
  /** No further than where the heads are, by whichever server. */
  let sealed = 0;

  const sealBatch = (): Promise<number> =>
    transact(db, async (tx) => {
      const store = auditStore(tx);
      await store.lockSealing();
      const heads = new Map((await store.listHeads()).map((head) => [head.workspace, head]));
      const last = Math.max(0, ...[...heads.values()].map(({ id }) => id));
      const entries = await store.listAfter(last, batchSize);
      const links: Link[] = [];
      const moved = new Map<string, Head>();
      for (const entry of entries) {
        const { workspace } = entry;
        const link = follow(moved.get(workspace) ?? heads.get(workspace) ?? genesis, entry);
        links.push(link);
        moved.set(workspace, { ...link, workspace, sealedAt: clock.now() });
      }
      if (links.length > 0) await store.seal(links);
      for (const head of moved.values()) await store.saveHead(head);
      sealed = links.at(-1)?.id ?? last;
      return entries.length;
    });

  /** All that is committed by now. */
  async function seal(): Promise<void> {
    const end = await auditStore(db).lastId();
    while (sealed < end && (await sealBatch()) > 0) await turn();
  }

  const sealOnce = (): Promise<void> => {
    running ??= seal().finally(() => {
      running = undefined;
    });
    return running;
  };

  async function look(): Promise<void> {
    try {
      await sealOnce();
    } catch (error) {
      logger.error({ err: error }, 'sealing the audit failed; it is tried again');
    }
    if (!isStopped) timer = setTimeout(look, everyMs);
  }

  return {
    /** What was committed before the call is sealed after it. */
    async seal(): Promise<void> {
      // A round under way may have begun before.
      await running;
      await sealOnce();
    },

    start(): void {
      isStopped = false;
      timer = setTimeout(look, everyMs);
    },

    async stop(): Promise<void> {
      isStopped = true;
      clearTimeout(timer);
      await running;
      await seal();
    },
  };
}

export type Sealer = ReturnType<typeof createSealer>;
