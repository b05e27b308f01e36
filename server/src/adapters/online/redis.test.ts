import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isRedisThere, redisUrl } from '../../testing/redis.ts';
import { until } from '../../testing/until.ts';
import { eventSuite } from './event-suite.ts';
import { onlineSuite } from './online-suite.ts';
import { openRedisOnline } from './redis.ts';

const newPrefix = () => `test-${randomBytes(8).toString('hex')}`;

async function cleanUp(prefix: string): Promise<void> {
  const client = new Redis(redisUrl);
  const keys = await client.keys(`${prefix}:*`);
  for (let start = 0; start < keys.length; start += 1_000)
    await client.unlink(...keys.slice(start, start + 1_000));
  client.disconnect();
}

async function open(prefix = newPrefix()) {
  onTestFinished(() => cleanUp(prefix));
  return openRedisOnline({ url: redisUrl, prefix });
}

describe.skipIf(!isRedisThere)('online store in Redis', () => {
  onlineSuite(() => open());
  eventSuite(() => open());

  test('two servers with the same prefix share the values, others do not', async () => {
    const prefix = newPrefix();
    const [one, two, other] = await Promise.all([open(prefix), open(prefix), open()]);
    onTestFinished(() => Promise.all([one.close(), two.close(), other.close()]).then(() => undefined));
    await one.write('v', [{ key: 'a', eventTime: 5, values: '[1]' }]);
    expect(await two.write('v', [{ key: 'a', eventTime: 4, values: '[2]' }])).toEqual({ written: 0 });
    expect(await two.read([{ view: 'v', keys: ['a'] }])).toEqual([[{ eventTime: 5, values: '[1]' }]]);
    expect(await other.read([{ view: 'v', keys: ['a'] }])).toEqual([[null]]);
  });

  test('a row lives as long as it is asked to be kept, or without end', async () => {
    const prefix = newPrefix();
    const store = await open(prefix);
    const client = new Redis(redisUrl);
    onTestFinished(async () => {
      client.disconnect();
      await store.close();
    });
    await store.write('v', [{ key: 'a', eventTime: 5, values: '[1]' }], { keepMs: 60_000 });
    await store.write('v', [{ key: 'b', eventTime: 5, values: '[1]' }]);
    const left = await client.pttl(`${prefix}:online:1:v:a`);
    expect(left).toBeGreaterThan(50_000);
    expect(await client.pttl(`${prefix}:online:1:v:b`)).toBe(-1);
  });

  test('what others put under our keys is no value, and is written over', async () => {
    const prefix = newPrefix();
    const store = await open(prefix);
    const client = new Redis(redisUrl);
    onTestFinished(async () => {
      client.disconnect();
      await store.close();
    });
    const key = (name: string) => `${prefix}:online:1:v:${name}`;
    await client.rpush(key('list'), 'a');
    await client.hset(key('hash'), 'a', 'b');
    await client.mset({ [key('text')]: 'hello', [key('number')]: '12', [key('none')]: '' });
    await client.set(key('time'), 'soon\u001f[1]');
    const keys = ['list', 'hash', 'text', 'number', 'none', 'time'];
    expect(await store.read([{ view: 'v', keys }])).toEqual([keys.map(() => null)]);
    const rows = keys.map((name) => ({ key: name, eventTime: -5, values: '[1]' }));
    expect(await store.write('v', rows)).toEqual({ written: keys.length });
    expect(await store.read([{ view: 'v', keys }])).toEqual([
      keys.map(() => ({ eventTime: -5, values: '[1]' })),
    ]);
    await client.rpush(`${prefix}:online-mark:v`, 'a');
    expect(await store.mark('v', { from: 'a', to: 'b' })).toBe(false);
    expect(await store.mark('v', { to: 'b' })).toBe(true);
  });

  test('what Redis itself refuses is said in its words', async () => {
    const store = await openRedisOnline({
      url: redisUrl.replace('redis://', 'redis://nobody:secret@'),
      prefix: 'x',
    });
    onTestFinished(() => store.close());
    const failed = store.read([{ view: 'v', keys: ['a'] }]);
    await expect(failed).rejects.toMatchObject({ code: 'onlineUnavailable', status: 503 });
    await expect(failed).rejects.toThrow(/WRONGPASS|no connection/);
    await expect(failed).rejects.not.toThrow(/secret/);
  });
});

/** Takes connections to Redis, until it is told to take none or to say nothing. */
async function openRelay() {
  const [host = '', port = ''] = new URL(redisUrl).host.split(':');
  const sockets = new Set<Socket>();
  const keepSilent = (isSilent: boolean) => {
    for (const socket of sockets) isSilent ? socket.pause() : socket.resume();
  };
  const { Socket: Outgoing } = await import('node:net');
  const relay = (incoming: Socket) => {
    const outgoing = new Outgoing().connect(Number(port || 6379), host);
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    incoming.on('data', (data) => outgoing.write(data));
    outgoing.on('data', (data) => incoming.write(data));
    incoming.on('close', () => outgoing.destroy());
    outgoing.on('close', () => incoming.destroy());
  };
  let server: Server | undefined;
  let taken = 0;
  const listen = async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    server = createServer(relay).listen(taken, '127.0.0.1', resolve);
    await promise;
    const address = server.address();
    taken = typeof address === 'object' && address ? address.port : 0;
  };
  await listen();
  const stop = () => {
    server?.close();
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(stop);
  return { keepSilent, listen, stop, url: `redis://127.0.0.1:${taken}` };
}

describe.skipIf(!isRedisThere)('a Redis that is not there', () => {
  const wanted = [{ view: 'v', keys: ['a'] }];

  test('fails at once and says so, and is used again when it is back', async () => {
    const relay = await openRelay();
    const prefix = newPrefix();
    onTestFinished(() => cleanUp(prefix));
    const changes: (string | null)[] = [];
    const store = await openRedisOnline({
      url: relay.url,
      prefix,
      onChange: (problem) => changes.push(problem),
    });
    onTestFinished(() => store.close());
    await store.write('v', [{ key: 'a', eventTime: 1, values: '[1]' }]);
    expect(store.describe()).toMatchObject({ kind: 'redis', problem: null });
    relay.stop();
    await until(
      () => store.describe().problem,
      (problem) => problem !== null,
    );
    const begun = performance.now();
    await expect(store.read(wanted)).rejects.toMatchObject({ code: 'onlineUnavailable' });
    await expect(store.write('v', [{ key: 'a', eventTime: 2, values: '[2]' }])).rejects.toMatchObject({
      code: 'onlineUnavailable',
    });
    expect(performance.now() - begun).toBeLessThan(500);
    await relay.listen();
    await until(
      () => store.describe().problem,
      (problem) => problem === null,
    );
    expect(await store.read(wanted)).toEqual([[{ eventTime: 1, values: '[1]' }]]);
    expect(changes.at(-1)).toBeNull();
  });

  test('keeps nobody waiting who asks one that does not answer', async () => {
    const relay = await openRelay();
    const prefix = newPrefix();
    const store = await openRedisOnline({ url: relay.url, prefix });
    onTestFinished(() => store.close());
    relay.keepSilent(true);
    const begun = performance.now();
    await expect(store.read(wanted)).rejects.toThrow(/does not answer in time/);
    expect(performance.now() - begun).toBeLessThan(2_000);
    relay.keepSilent(false);
    await until(
      () => store.read(wanted).catch(() => null),
      (answers) => answers?.[0]?.[0] === null,
    );
  });

  test('does not keep a server from starting', async () => {
    const relay = await openRelay();
    relay.stop();
    const store = await openRedisOnline({ url: relay.url, prefix: 'x' });
    onTestFinished(() => store.close());
    await expect(store.read(wanted)).rejects.toMatchObject({ code: 'onlineUnavailable' });
    expect(store.describe().problem).toMatch(/ECONNREFUSED|no connection|lost/);
  });
});
