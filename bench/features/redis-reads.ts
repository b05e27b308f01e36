/** Our Redis adapter against bare pipelined reads of the same keys, in this process. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { openRedisOnline } from '../../server/src/adapters/online/redis.ts';
import type { BenchContext, Measured } from '../bench.ts';
import { alternate } from '../rounds.ts';

const url = process.env.TIDEMILL_TEST_REDIS ?? 'redis://127.0.0.1:6379';
const views = ['a', 'b', 'c', 'd', 'e'];
const entities = 10_000;
const perRead = 100;
const reads = 400;
const atOnce = 8;

const keyOf = (i: number): string => `[${i % entities}]`;
const valuesOf = (i: number): string =>
  JSON.stringify(Array.from({ length: 10 }, (_, k) => ((i * 31 + k * 17) % 1_000_007) / 997));

export async function redisReads({ rounds, say }: BenchContext, name: string): Promise<Measured | null> {
  const prefix = `bench-${randomBytes(6).toString('hex')}`;
  const store = await openRedisOnline({ url, prefix });
  if (store.describe().problem !== null) {
    say(`Redis at ${url} does not answer: ${store.describe().problem}`);
    await store.close();
    return null;
  }
  const bare = new Redis(url);
  try {
    const eventTime = Date.now() * 1000;
    for (const view of views)
      await store.write(
        view,
        Array.from({ length: entities }, (_, i) => ({ key: keyOf(i), eventTime, values: valuesOf(i) })),
      );
    const ours = async (n: number) => {
      const keys = Array.from({ length: perRead }, (_, i) => keyOf(n * perRead + i));
      const answers = await store.read(views.map((view) => ({ view, keys })));
      if (answers.some((list) => list.some((answer) => answer === null)))
        throw new Error('a value is missing');
    };
    const theirs = async (n: number) => {
      const pipeline = bare.pipeline();
      for (const view of views)
        for (let i = 0; i < perRead; i += 1)
          pipeline.get(`${prefix}:online:${view.length}:${view}:${keyOf(n * perRead + i)}`);
      const answers = await pipeline.exec();
      if (answers?.some(([error, value]) => error || value === null)) throw new Error('a value is missing');
    };
    const sides = [() => rate(ours), () => rate(theirs)];
    for (const side of sides) await side();
    const [a = [], b = []] = await alternate(sides, rounds, (round, [x = 0, y = 0]) =>
      say(`${name}, round ${round}: ours ${x.toFixed(0)}, bare ${y.toFixed(0)}, ratio ${(x / y).toFixed(2)}`),
    );
    return { name, ours: a, peer: b };
  } finally {
    for (const view of views) await store.drop(view);
    bare.disconnect();
    await store.close();
  }
}

/** Reads per second, a few at once as requests come. */
async function rate(read: (n: number) => Promise<void>): Promise<number> {
  const started = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < reads) await read(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return reads / ((performance.now() - started) / 1000);
}
