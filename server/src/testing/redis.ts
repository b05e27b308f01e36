import { Redis } from 'ioredis';

export const redisUrl = process.env.TIDEMILL_TEST_REDIS ?? 'redis://127.0.0.1:6379';

/** Once per test process: TIDEMILL_TEST_REDIS='' says no. */
export const isRedisThere = await findRedis();

async function findRedis(): Promise<boolean> {
  if (redisUrl === '') return false;
  const client = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: 2_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    console.warn(`SKIPPED on Redis: ${redisUrl} does not answer (${reason}). Set TIDEMILL_TEST_REDIS.`);
    return false;
  } finally {
    client.disconnect();
  }
}
