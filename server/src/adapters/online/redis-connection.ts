import { Redis } from 'ioredis';
import { errors, TidemillError } from '../../base/errors.ts';
import { gone } from './event-list.ts';
import {
  type EventFile,
  eventSeparator,
  type MarkWords,
  type OnlineEvent,
  type OnlineRow,
  separator,
} from './online.ts';
import { scripts, type WithScripts } from './redis-scripts.ts';

export interface RedisAddress {
  /** `redis://` or `rediss://`, with user, password and database as every client of Redis writes them. */
  readonly url: string;
  /** Before every key of ours: servers that share a Redis have one each, replicas of one server the same. */
  readonly prefix: string;
}

/** Without what must not be shown. */
export function addressOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** Rows and characters of one script: Redis does nothing else meanwhile, for a millisecond or so. */
const rowsPerScript = 200;
const lengthPerScript = 500_000;
const keysPerScan = 1_000;
/** Scripts under way at once, so that the next ones travel while one is worked on. */
const scriptsAtOnce = 8;

export type RedisConnection = ReturnType<typeof connectRedis>;

/**
 * Commands fail at once while there is no connection, and soon when there is no answer; the connection comes back by itself.
 */
export function connectRedis({ url, prefix }: RedisAddress, onChange?: (problem: string | null) => void) {
  const client = new Redis(url, {
    connectTimeout: 2_000,
    // Without an answer for this long the connection is made anew, and all that waits on it fails.
    socketTimeout: 2_000,
    commandTimeout: 1_000,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2_000),
    scripts,
  });
  const address = addressOf(url);
  let problem: string | null = 'it has not answered yet';
  const setProblem = (next: string | null) => {
    if (next === problem) return;
    problem = next;
    onChange?.(next);
  };
  client.on('ready', () => setProblem(null));
  client.on('error', (error: Error) => setProblem(reasonOf(error)));
  client.on('close', () => {
    if (problem === null) setProblem('the connection was lost');
  });

  /** @throws onlineUnavailable */
  async function using<T>(work: (redis: Redis & WithScripts) => Promise<T>): Promise<T> {
    try {
      return await work(client as Redis & WithScripts);
    } catch (error) {
      if (error instanceof TidemillError) throw error;
      const reason = client.status === 'ready' ? reasonOf(error) : (problem ?? reasonOf(error));
      throw errors.onlineUnavailable({ store: address, reason }, error);
    }
  }

  const keyOf = (view: string, key: string): string => `${prefix}:online:${view.length}:${view}:${key}`;

  const markKeyOf = (view: string): string => `${prefix}:online-mark:${view}`;

  async function write(view: string, rows: readonly OnlineRow[], keepMs: number): Promise<number> {
    return inScripts(
      rows,
      ({ values }) => values.length,
      (some) => {
        const values = some.flatMap((row) => [row.eventTime, row.values]);
        return run('guardedWrite', view, some, [keepMs, ...values]);
      },
    );
  }

  function append(view: string, events: readonly OnlineEvent[], before: number): Promise<number> {
    const lists = [...Map.groupBy(events, ({ key }) => key)].map(([key, some]) => ({ key, some }));
    const lengthOf = ({ some }: (typeof lists)[number]) =>
      some.reduce((sum, { event }) => sum + event.length, 0);
    return inScripts(lists, lengthOf, (several) => {
      const values = several.flatMap(({ some }) => [
        some.length,
        ...some.flatMap((each) => [each.version, each.eventTime, each.since, each.id, each.event]),
      ]);
      return run('appendEvents', view, several, [before, ...values]);
    });
  }

  function loadEvents(view: string, rows: readonly OnlineRow[], file: EventFile): Promise<number> {
    return inScripts(
      rows,
      ({ values }) => values.length,
      (some) => {
        const values = some.flatMap((row) => {
          const [first, base = ''] = row.values.split(eventSeparator);
          return [row.eventTime, first || '-', base];
        });
        return run('loadEvents', view, some, [file.run, file.version, file.before, ...values]);
      },
    );
  }

  async function sweepEvents(view: string, { run: name, version, before }: EventFile): Promise<void> {
    for await (const keys of keysOf(view))
      await using((redis) => redis.sweepEvents(keys.length, ...keys, name, version, before, gone.eventTime));
  }

  /** All keys of a view, some at a time; one may come twice. */
  async function* keysOf(view: string): AsyncGenerator<string[]> {
    const pattern = `${escapeGlob(keyOf(view, ''))}*`;
    let cursor = '0';
    do {
      const [next, keys] = await using((redis) => redis.scan(cursor, 'MATCH', pattern, 'COUNT', keysPerScan));
      if (keys.length > 0) yield keys;
      cursor = next;
    } while (cursor !== '0');
  }

  const run = (
    script: keyof WithScripts,
    view: string,
    rows: readonly { readonly key: string }[],
    values: readonly (string | number)[],
  ): Promise<number> =>
    using((redis) => redis[script](rows.length, ...rows.map(({ key }) => keyOf(view, key)), ...values));

  return {
    client,
    address,
    keyOf,
    using,
    keysOf,
    write,
    async mark(view: string, { from, to }: MarkWords): Promise<boolean> {
      const key = markKeyOf(view);
      if (from === undefined) return (await using((redis) => redis.set(key, to))) === 'OK';
      return (await using((redis) => redis.replaceMark(1, key, from, to))) === 1;
    },
    unmark: (view: string): Promise<number> => using((redis) => redis.unlink(markKeyOf(view))),
    append,
    loadEvents,
    sweepEvents,
    problem: () => problem,
    close: () => client.disconnect(),
  };
}

/** Some scripts at once; gives the sum of their answers. */
async function inScripts<T>(
  rows: readonly T[],
  lengthOf: (row: T) => number,
  script: (rows: readonly T[]) => Promise<number>,
): Promise<number> {
  let written = 0;
  let [start, under]: [number, Promise<number>[]] = [0, []];
  while (start < rows.length) {
    const end = endOf(rows, start, lengthOf);
    under.push(script(rows.slice(start, end)));
    start = end;
    if (under.length < scriptsAtOnce && start < rows.length) continue;
    for (const count of await settleAll(under)) written += count;
    under = [];
  }
  return written;
}

function endOf<T>(rows: readonly T[], start: number, lengthOf: (row: T) => number): number {
  let length = 0;
  let end = start;
  while (end < rows.length && end - start < rowsPerScript && length < lengthPerScript)
    length += lengthOf(rows[end++] as T);
  return end;
}

/** Waits for all, so that none is left to fail unheard; then the first failure. */
async function settleAll<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

const escapeGlob = (text: string): string => text.replace(/[*?[\]^\\]/g, '\\$&');

export const separatorOf = (value: string): number => value.indexOf(separator);

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  if (/enableOfflineQueue/.test(message)) return 'there is no connection';
  if (/Command timed out|Socket timeout/.test(message)) return 'it does not answer in time';
  if (/max retries/i.test(message)) return 'the connection was lost';
  return message.replace(/[.\s]+$/, '');
}
