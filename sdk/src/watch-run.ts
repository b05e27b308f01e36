import { contract, type RunUpdate } from '@tidemill/contract';
import { TidemillClientError } from './client.ts';
import { type EventSourceOptions, readEvents } from './event-source.ts';

const reconnectMs = 500;

/**
 * Yields what is new in a run, a few times a second at most, until the run ends. The first update has everything that
 * is there; so has the first one after a lost connection.
 *
 * @example
 * for await (const update of watchRun('4f0c9f0e4d0b4d0a8f8e5c1d2b3a4f50')) console.log(update.status, update.metrics);
 */
export async function* watchRun(id: string, options: EventSourceOptions = {}): AsyncGenerator<RunUpdate> {
  const path = contract.experiments.watchRun.path.replace(':id', encodeURIComponent(id));
  while (!options.signal?.aborted) {
    try {
      for await (const update of readEvents<RunUpdate>(options, path)) {
        yield update;
        if (update.isLast) return;
      }
    } catch (error) {
      if (options.signal?.aborted) return;
      if (error instanceof TidemillClientError) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, reconnectMs));
  }
}
