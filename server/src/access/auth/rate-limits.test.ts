import { expect, onTestFinished, test } from 'vitest';
import { createTestPlatform } from '../../testing/platform.ts';
import { createRateLimits } from './rate-limits.ts';

test('a bucket holds a burst, is filled by the second, and a refusal costs nothing', () => {
  let now = 1_000_000;
  const limits = createRateLimits({ now: () => now });
  const take = (id = 'a') => {
    try {
      limits.take(id, `token:${id}`, { perSecond: 2, burst: 3 });
      return 0;
    } catch (error) {
      expect(error).toMatchObject({ code: 'tokenRateExceeded', status: 429 });
      return (error as { details: { retryAfterSeconds: number } }).details.retryAfterSeconds;
    }
  };
  const several = (count: number, id?: string) => Array.from({ length: count }, () => take(id));
  expect(several(5)).toEqual([0, 0, 0, 1, 1]);
  expect(several(3, 'b')).toEqual([0, 0, 0]);
  now += 500;
  expect(several(2)).toEqual([0, 1]);
  now += 60_000;
  expect(several(4)).toEqual([0, 0, 0, 1]);
  now -= 3_600_000;
  expect(take()).toBe(1);
  now += 500;
  expect(several(2)).toEqual([0, 1]);
});

test('a slow rate says how long it takes, and over many seconds it is kept', () => {
  let now = 0;
  const limits = createRateLimits({ now: () => now });
  const rate = { perSecond: 0.1, burst: 1 };
  limits.take('a', 'token:a', rate);
  now = 2_000;
  expect(() => limits.take('a', 'token:a', rate)).toThrow('Try again in 8 s');
  let taken = 0;
  for (now = 0; now < 1_000_000; now += 700) {
    try {
      limits.take('b', 'token:b', rate);
      taken++;
    } catch {
      // Not yet due.
    }
  }
  expect(taken).toBeGreaterThan(95);
  expect(taken).toBeLessThanOrEqual(101);
});

test('however many tokens there are, only the longest unused are forgotten', () => {
  const limits = createRateLimits({ now: () => 0 });
  const rate = { perSecond: 1, burst: 1 };
  for (let i = 0; i < 10_000; i++) limits.take(`t${i}`, 't', rate);
  expect(() => limits.take('t0', 't', rate)).toThrow();
  for (let i = 0; i < 9_999; i++) limits.take(`u${i}`, 't', rate);
  expect(() => limits.take('t0', 't', rate)).toThrow();
  limits.take('t1', 't', rate);
});

test('is kept through every door, with Retry-After, and other tokens go on', async () => {
  let now = Date.now();
  const platform = await createTestPlatform({ host: '0.0.0.0', clock: { now: () => now } });
  onTestFinished(() => platform.close());
  const { auth } = platform.services;
  const make = (name: string, rate?: { perSecond: number; burst?: number }) =>
    auth.createToken({ name, role: 'viewer', ...(rate && { rate }) }, platform.caller);
  const { secret, token } = await make('slow', { perSecond: 0.25, burst: 2 });
  const other = (await make('free')).secret;
  expect((await make('plain', { perSecond: 2.5 })).token.rate).toEqual({ perSecond: 2.5, burst: 3 });
  const get = (url: string, bearer = secret) =>
    platform.http.inject({ url, headers: { host: 'localhost', authorization: `Bearer ${bearer}` } });

  const experiments = '/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default';
  const statuses = [];
  for (const url of ['/api/v1/whoami', experiments, '/api/v1/whoami', experiments])
    statuses.push((await get(url)).statusCode);
  expect(statuses).toEqual([200, 200, 429, 429]);
  const [own, mlflow] = [await get('/api/v1/models'), await get(experiments)];
  expect([own.headers['retry-after'], mlflow.headers['retry-after']]).toEqual(['4', '4']);
  expect(own.json().error).toMatchObject({ code: 'tokenRateExceeded', details: { retryAfterSeconds: 4 } });
  expect(own.json().error.message).toContain('token:slow makes more requests than its token allows');
  expect(mlflow.json().error_code).toBe('REQUEST_LIMIT_EXCEEDED');
  for (let i = 0; i < 20; i++) expect((await get('/api/v1/whoami', other)).statusCode).toBe(200);
  now += 4_000;
  expect([(await get('/api/v1/whoami')).statusCode, (await get('/api/v1/whoami')).statusCode]).toEqual([
    200, 429,
  ]);

  const { items } = await auth.listTokens({}, platform.caller);
  expect(items.find(({ id }) => id === token.id)).toMatchObject({
    rate: { perSecond: 0.25, burst: 2 },
    lastUsedAt: expect.any(Number),
  });
});
