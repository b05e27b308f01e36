/** Fills Redis from a file, in a thread: a million rows are seconds of work that no request should wait for. */
import { workerData } from 'node:worker_threads';
import { errors } from '../../base/errors.ts';
import { readBlocks } from './load-file.ts';
import { connectRedis, type RedisAddress } from './redis-connection.ts';
import { type OrderContext, serveOrders } from './thread-server.ts';

interface Order {
  readonly view: string;
  readonly path: string;
  readonly keepMs: number;
}

const redis = connectRedis(workerData as RedisAddress);

async function ready(): Promise<void> {
  const { client, address } = redis;
  if (client.status === 'ready') return;
  const waited = Promise.withResolvers<void>();
  const limit = setTimeout(waited.resolve, 2_000);
  client.once('ready', waited.resolve);
  await waited.promise;
  clearTimeout(limit);
  if (client.status !== 'ready')
    throw errors.onlineUnavailable({ store: address, reason: redis.problem() ?? 'there is no connection' });
}

async function load({ view, path, keepMs }: Order, { report, assertWanted }: OrderContext): Promise<object> {
  await ready();
  const counts = { rows: 0, written: 0 };
  for await (const block of readBlocks(view, path)) {
    assertWanted();
    counts.written += await redis.write(view, block, keepMs);
    counts.rows += block.length;
    report(counts.rows);
  }
  return counts;
}

serveOrders(load, () => redis.close());
