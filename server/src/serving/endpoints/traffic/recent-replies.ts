/**
 * Replies kept for a while by the key that their request brought: whoever does not know whether a request has arrived
 * sends it again and gets the same reply, and the prediction is made and logged once. Kept by this process alone.
 */

import type { Clock } from '../../../base/clock.ts';
import { digestOf } from '../../../base/digest-of.ts';
import { errors } from '../../../base/errors.ts';

export interface RecentRepliesOptions {
  readonly clock: Clock;
  readonly windowMs?: number;
  /** Requests kept at most, and predictions in all their replies. The oldest go first. */
  readonly mostKeys?: number;
  readonly mostPredictions?: number;
}

export interface KeyedRequest<T> {
  readonly workspace: string;
  readonly actor: string;
  readonly endpoint: string;
  readonly key: string;
  /** All that makes two requests the same. */
  readonly content: unknown;
  /** How many predictions there will be. */
  readonly size: number;
  /** How many a reply is worth that is larger than it was thought. */
  readonly weigh?: (reply: T) => number;
  readonly answer: () => Promise<T>;
}

interface Kept {
  readonly until: number;
  readonly digest: string;
  size: number;
  readonly reply: Promise<unknown>;
}

const tenMinutes = 600_000;

export function createRecentReplies(options: RecentRepliesOptions) {
  const { clock, windowMs = tenMinutes, mostKeys = 10_000, mostPredictions = 100_000 } = options;
  /** In the order in which they came, which is that in which they end. */
  const kept = new Map<string, Kept>();
  let predictions = 0;

  function forget(name: string): void {
    predictions -= kept.get(name)?.size ?? 0;
    kept.delete(name);
  }

  function makeRoom(now: number): void {
    for (const [name, { until }] of kept) {
      if (until > now && kept.size <= mostKeys && predictions <= mostPredictions) return;
      forget(name);
    }
  }

  function grow(entry: Kept, size: number): void {
    if (size <= entry.size) return;
    predictions += size - entry.size;
    entry.size = size;
    makeRoom(clock.now());
  }

  return {
    /** @throws idempotencyKeyReused when the key came with another request */
    once<T>(request: KeyedRequest<T>): Promise<T> {
      const { workspace, actor, endpoint, key, content, size, weigh } = request;
      const name = JSON.stringify([workspace, endpoint, actor, key]);
      const now = clock.now();
      const digest = digestOf(content);
      const found = kept.get(name);
      if (found && found.until > now) {
        if (found.digest !== digest) throw errors.idempotencyKeyReused({ endpoint, key });
        return found.reply as Promise<T>;
      }
      if (found) forget(name);
      const reply = request.answer();
      const entry: Kept = { until: now + windowMs, digest, size, reply };
      kept.set(name, entry);
      predictions += size;
      makeRoom(now);
      reply.then(
        (answer) => weigh && kept.get(name) === entry && grow(entry, weigh(answer)),
        // What failed may be tried again at once.
        () => kept.get(name) === entry && forget(name),
      );
      return reply;
    },
    size: () => ({ keys: kept.size, predictions }),
  };
}

export type RecentReplies = ReturnType<typeof createRecentReplies>;
