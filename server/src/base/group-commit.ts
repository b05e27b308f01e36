import { AsyncLocalStorage } from 'node:async_hooks';

export interface GroupCommitOptions<E> {
  /**
   * Writes all entries in one transaction, in order, and gives back for each what refused it alone (or undefined).
   * A throw means that nothing was written.
   */
  readonly commit: (entries: readonly E[]) => Promise<readonly (Error | undefined)[]>;
  readonly weightOf: (entry: E) => number;
  /** Of one transaction; a single heavier entry still goes, alone. */
  readonly heaviestGroup: number;
  /** Of all that waits. Beyond it an entry is refused at once with `refusal()`. */
  readonly heaviestQueue: number;
  readonly refusal: () => Error;
}

interface Waiting<E> {
  readonly entry: E;
  readonly weight: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Many writers, one transaction: what arrives in one turn of the event loop, or while a commit is under way, is committed
 * together. An entry's promise settles after its commit, so acknowledged still means durable.
 */
export function createGroupCommit<E>(options: GroupCommitOptions<E>): (entry: E) => Promise<void> {
  const { commit, weightOf, heaviestGroup, heaviestQueue, refusal } = options;
  // A commit serves many requests, so it belongs to none of them.
  const outside = AsyncLocalStorage.snapshot();
  let queue: Waiting<E>[] = [];
  let waitingWeight = 0;
  let isRunning = false;

  function takeGroup(): Waiting<E>[] {
    let weight = 0;
    const end = queue.findIndex((one, index) => {
      weight += one.weight;
      return index > 0 && weight > heaviestGroup;
    });
    const group = end === -1 ? queue : queue.slice(0, end);
    queue = end === -1 ? [] : queue.slice(end);
    for (const one of group) waitingWeight -= one.weight;
    return group;
  }

  async function drain(): Promise<void> {
    while (queue.length > 0) await commitGroup(takeGroup());
    isRunning = false;
  }

  async function commitGroup(group: readonly Waiting<E>[]): Promise<void> {
    try {
      const refusals = await commit(group.map(({ entry }) => entry));
      group.forEach(({ resolve, reject }, index) => {
        const refused = refusals[index];
        if (refused) reject(refused);
        else resolve();
      });
    } catch (error) {
      // One entry's fault must not be the others': each once more by itself.
      if (group.length > 1) for (const one of group) await commitGroup([one]);
      else group[0]?.reject(error);
    }
  }

  return (entry) => {
    const weight = weightOf(entry);
    if (waitingWeight + weight > heaviestQueue && queue.length > 0) return Promise.reject(refusal());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    queue.push({ entry, weight, resolve, reject });
    waitingWeight += weight;
    if (!isRunning) {
      isRunning = true;
      // After the requests that have arrived by now, and those that arrived while these were read.
      outside(() => setImmediate(() => setImmediate(() => void drain())));
    }
    return promise;
  };
}
