/** Fills Redis from a file, in a thread: a million rows are seconds of work that no request should wait for. */
import { workerData } from 'node:worker_threads';
import { errors } from '../../base/errors.ts';
import { loadFile } from './load-file.ts';
import { connectRedis, type RedisAddress } from './redis-connection.ts';
import { serveOrders } from './thread-server.ts';

interface Order {
  readonly view: string;
  readonly path: string;
  readonly keepMs: number;
}

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
    return loadFile(order, context, (rows) => redis.write(order.view, rows, order.keepMs));
  },
  () => redis.close(),
);
