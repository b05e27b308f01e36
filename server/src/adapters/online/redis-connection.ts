import { Redis } from 'ioredis';
import { errors, TidemillError } from '../../base/errors.ts';
import { type MarkWords, type OnlineRow, separator } from './online.ts';

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

/** Rows of one script: Redis does nothing else meanwhile, for less than a millisecond. */
const rowsPerScript = 200;
/** Scripts under way at once, so that the next ones travel while one is worked on. */
const scriptsAtOnce = 8;

/**
 * A value is `event time ␟ values`; whatever else stands under a key of ours is written over. The comparison and the writing are one step, whoever else writes; times are compared as
 * doubles, which hold every one we let in.
 */
const guardedWrite = `
local written = 0
local keep = tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
  local held = redis.pcall('getrange', key, 0, 20)
  local time = type(held) == 'string' and string.match(held, '^(-?%d+)${'\\31'}')
  if not time or tonumber(time) <= tonumber(ARGV[i * 2]) then
    local value = ARGV[i * 2] .. '${'\\31'}' .. ARGV[i * 2 + 1]
    if keep > 0 then redis.call('set', key, value, 'px', keep) else redis.call('set', key, value) end
    written = written + 1
  end
end
return written`;

const replaceMark = `
local held = redis.pcall('get', KEYS[1])
if held ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2])
return 1`;

interface WithScript {
  guardedWrite(keys: number, ...rest: (string | number)[]): Promise<number>;
}

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
    scripts: { guardedWrite: { lua: guardedWrite } },
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
  async function using<T>(work: (redis: Redis & WithScript) => Promise<T>): Promise<T> {
    try {
      return await work(client as Redis & WithScript);
    } catch (error) {
      if (error instanceof TidemillError) throw error;
      const reason = client.status === 'ready' ? reasonOf(error) : (problem ?? reasonOf(error));
      throw errors.onlineUnavailable({ store: address, reason }, error);
    }
  }

  const keyOf = (view: string, key: string): string => `${prefix}:online:${view.length}:${view}:${key}`;

  const markKeyOf = (view: string): string => `${prefix}:online-mark:${view}`;

  async function write(view: string, rows: readonly OnlineRow[], keepMs: number): Promise<number> {
    let written = 0;
    for (let start = 0; start < rows.length; start += rowsPerScript * scriptsAtOnce) {
      const scripts: Promise<number>[] = [];
      const end = Math.min(rows.length, start + rowsPerScript * scriptsAtOnce);
      for (let from = start; from < end; from += rowsPerScript)
        scripts.push(writeSome(view, rows.slice(from, Math.min(end, from + rowsPerScript)), keepMs));
      for (const count of await settleAll(scripts)) written += count;
    }
    return written;
  }

  function writeSome(view: string, rows: readonly OnlineRow[], keepMs: number): Promise<number> {
    const values: (string | number)[] = [keepMs];
    for (const row of rows) values.push(row.eventTime, row.values);
    return using((redis) =>
      redis.guardedWrite(rows.length, ...rows.map(({ key }) => keyOf(view, key)), ...values),
    );
  }

  return {
    client,
    address,
    keyOf,
    using,
    write,
    async mark(view: string, { from, to }: MarkWords): Promise<boolean> {
      const key = markKeyOf(view);
      if (from === undefined) return (await using((redis) => redis.set(key, to))) === 'OK';
      return (await using((redis) => redis.eval(replaceMark, 1, key, from, to))) === 1;
    },
    unmark: (view: string): Promise<number> => using((redis) => redis.unlink(markKeyOf(view))),
    problem: () => problem,
    close: () => client.disconnect(),
  };
}

/** Waits for all, so that none is left to fail unheard; then the first failure. */
async function settleAll<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

export const separatorOf = (value: string): number => value.indexOf(separator);

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  if (/enableOfflineQueue/.test(message)) return 'there is no connection';
  if (/Command timed out|Socket timeout/.test(message)) return 'it does not answer in time';
  if (/max retries/i.test(message)) return 'the connection was lost';
  return message.replace(/[.\s]+$/, '');
}
