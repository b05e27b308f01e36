/** Fills Redis from a file, in a thread: a million rows are seconds of work that no request should wait for. */
import { workerData } from 'node:worker_threads';
import { errors } from '../../base/errors.ts';
import { loadFile } from './load-file.ts';
import type { EventFile } from './online.ts';
import { connectRedis, type RedisAddress } from './redis-connection.ts';
import { serveOrders } from './thread-server.ts';

type Order = { readonly view: string; readonly path: string } & (
  | { readonly keepMs: number }
  | { readonly file: EventFile & { readonly isWhole: boolean } }
);

const redis = connectRedis(workerData as RedisAddress);

const isReady = (): boolean => redis.client.status === 'ready';

async function ready(): Promise<void> {
  const { client, address } = redis;
  if (isReady()) return;
  const waited = Promise.withResolvers<void>();
  const limit = setTimeout(waited.resolve, 2_000);
  client.once('ready', waited.resolve);
  await waited.promise;
  clearTimeout(limit);
  if (!isReady())
    throw errors.onlineUnavailable({ store: address, reason: redis.problem() ?? 'there is no connection' });
}

serveOrders(
  async (order: Order, context) => {
    await ready();
    const { view } = order;
    if (!('file' in order)) return loadFile(order, context, (rows) => redis.write(view, rows, order.keepMs));
    const loaded = await loadFile(order, context, (rows) => redis.loadEvents(view, rows, order.file));
    if (order.file.isWhole) await redis.sweepEvents(view, order.file);
    return loaded;
  },
  () => redis.close(),
);
