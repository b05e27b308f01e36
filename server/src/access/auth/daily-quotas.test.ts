import { expect, onTestFinished, test } from 'vitest';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestPlatform } from '../../testing/platform.ts';
import { createDailyQuotas } from './daily-quotas.ts';
import { authStore } from './store.ts';

const dayMs = 86_400_000;
const midnight = Date.parse('2026-03-01T00:00:00Z');
let number = 0;
const newId = () => `token_quota_${number++}`;

describeEachDatabase('daily quotas', (open) => {
  async function openQuotas(start: number) {
    const { db } = await open();
    const time = { now: start };
    const store = authStore(db);
    const server = () => createDailyQuotas(store, { now: () => time.now });
    return { time, store, server };
  }

  test('so many until midnight, then as many again; a refused one costs nothing', async () => {
    const { time, server } = await openQuotas(midnight + dayMs - 5_000);
    const quotas = server();
    const id = newId();
    for (let i = 0; i < 3; i++) await quotas.take(id, 'token:a', 3);
    for (let i = 0; i < 2; i++)
      await expect(quotas.take(id, 'token:a', 3)).rejects.toMatchObject({
        code: 'tokenQuotaExceeded',
        details: { retryAfterSeconds: 5 },
      });
    await quotas.take(newId(), 'token:b', 3);
    time.now = midnight + dayMs;
    await quotas.take(id, 'token:a', 3);
    await quotas.stop();
  });

  test('a server that is started again, and another one beside it, go on counting', async () => {
    const { server, store } = await openQuotas(midnight);
    const id = newId();
    const [first, second] = [server(), server()];
    await Promise.all(Array.from({ length: 4 }, () => first.take(id, 'token:a', 10)));
    await second.take(id, 'token:a', 10);
    await first.stop();
    await second.stop();
    expect(await store.requestsOn(id, midnight / dayMs)).toBe(5);
    const third = server();
    for (let i = 0; i < 5; i++) await third.take(id, 'token:a', 10);
    await expect(third.take(id, 'token:a', 10)).rejects.toMatchObject({ code: 'tokenQuotaExceeded' });
    await third.stop();
    expect(await store.requestsOn(id, midnight / dayMs)).toBe(10);
  });
});

test('is kept by HTTP, says when to come again, and is shown', async () => {
  const now = midnight + dayMs - 90_000;
  const platform = await createTestPlatform({ host: '0.0.0.0', clock: { now: () => now } });
  onTestFinished(() => platform.close());
  const input = { name: 'nightly', role: 'viewer', perDay: 2, priority: 'low' } as const;
  const { auth } = platform.services;
  const { secret, token } = await auth.createToken(input, platform.caller);
  expect(token).toMatchObject({ perDay: 2, priority: 'low', rate: null });
  const get = () =>
    platform.http.inject({
      url: '/api/v1/whoami',
      headers: { host: 'localhost', authorization: `Bearer ${secret}` },
    });
  expect([(await get()).statusCode, (await get()).statusCode]).toEqual([200, 200]);
  const third = await get();
  expect([third.statusCode, third.headers['retry-after']]).toEqual([429, '90']);
  expect(third.json().error.message).toContain('token:nightly has made the 2 requests');
  const { items } = await auth.listTokens({}, platform.caller);
  expect(items.find(({ id }) => id === token.id)).toMatchObject({ perDay: 2, priority: 'low' });
});
