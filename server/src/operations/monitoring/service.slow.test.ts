import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../base/statistics/random.ts';
import {
  createPricePlatform,
  type Day,
  dayMs,
  type PricePlatform,
  walk,
} from '../../testing/price-platform.ts';
import { until } from '../../testing/until.ts';

const days = walk(900);
const later = (index: number): number => (days.at(-1)?.time ?? 0) + (index + 1) * dayMs;
const drawn = (random: ReturnType<typeof createRandom>, time: number): Day => ({
  ...(days[random.integer(days.length)] as Day),
  time,
});

let platform: PricePlatform;
beforeAll(async () => {
  platform = await createPricePlatform({ days });
}, 60_000);
afterAll(() => platform.close());

async function addEndpoint(name: string): Promise<void> {
  const variants = [{ name: 'main', model: platform.model, weight: 1 }];
  await platform.services.endpoints.put({ name, variants, entity: ['symbol'] }, platform.caller);
}

const newest = async (monitor: string) =>
  (await platform.services.monitoring.results({ name: monitor, limit: 1 }, platform.caller)).items[0];

const alertsOf = async (endpoint: string) =>
  (await platform.services.alerts.list({ endpoint }, platform.caller)).items;

describe('monitoring', () => {
  test('300 overlapping windows of days drawn again from the training days raise no alert', async () => {
    const { services, caller, predict } = platform;
    await addEndpoint('control');
    const watched = { endpoint: 'control', window: 22 };
    await services.monitoring.put({ name: 'control-drift', kind: 'drift', ...watched }, caller);
    await services.monitoring.put({ name: 'control-range', kind: 'out-of-range', ...watched }, caller);
    const random = createRandom(2023);
    for (let i = 0; i < 321; i += 1) {
      await predict(drawn(random, later(i)), {}, 'control');
      if (i < 21 || i % 12 !== 0) continue;
      await until(
        () => newest('control-range'),
        (result) => result?.eventTime === later(i),
      );
    }
    const judged = await until(
      () => services.monitoring.results({ name: 'control-drift', column: 'close', limit: 1000 }, caller),
      ({ items }) => items[0]?.eventTime === later(320),
    );
    expect(judged.items).toHaveLength(300);
    expect(judged.items.every((result) => !result.breached && result.rows === 22)).toBe(true);
    expect(await alertsOf('control')).toEqual([]);
  }, 120_000);

  test('values beyond training open one alert with its cause, which resolves when windows are clean again', async () => {
    const { services, caller, predict } = platform;
    await addEndpoint('moved');
    await services.monitoring.put(
      { name: 'moved-range', kind: 'out-of-range', endpoint: 'moved', window: 10, columns: ['close'] },
      caller,
    );
    const random = createRandom(1);
    const check = () => services.monitoring.check({ name: 'moved-range' }, caller);
    for (let i = 0; i < 10; i += 1) await predict(drawn(random, later(i)), {}, 'moved');
    expect((await check()).results.map((result) => result.breached)).toEqual([false, false]);
    for (let i = 10; i < 16; i += 1) await predict(drawn(random, later(i)), { close: 200 + i }, 'moved');
    await check();
    await check();
    const [alert, ...others] = await alertsOf('moved');
    expect(others).toEqual([]);
    expect(alert).toMatchObject({ state: 'open', kind: 'out-of-range', monitor: 'moved-range' });
    expect(alert?.causes[0]?.text).toMatch(
      /^close above every training value: \d of 10 rows, largest 21\d > /,
    );
    expect(alert?.causes[0]?.rows[0]).toMatchObject({ key: '["TEST"]' });

    for (let i = 16; i < 31; i += 1) {
      await predict(drawn(random, later(i)), {}, 'moved');
      await check();
    }
    expect(await alertsOf('moved')).toMatchObject([{ id: alert?.id, state: 'resolved' }]);
    for (let i = 31; i < 37; i += 1) await predict(drawn(random, later(i)), { close: 300 }, 'moved');
    await check();
    expect((await alertsOf('moved')).map((each) => each.state)).toEqual(['open', 'resolved']);
  }, 60_000);

  test('a shifted column is drift, and another live model settles its alert', async () => {
    const { services, caller, predict, model, set } = platform;
    await addEndpoint('shifted');
    await services.monitoring.put(
      { name: 'shifted-drift', kind: 'drift', endpoint: 'shifted', window: 22 },
      caller,
    );
    for (let i = 0; i < 22; i += 1)
      await predict({ ...(days[i] as Day), time: later(i) }, { close: 139.9 }, 'shifted');
    const { results } = await services.monitoring.check({ name: 'shifted-drift' }, caller);
    expect(results.find((result) => result.column === 'close')).toMatchObject({
      statistic: 'ks',
      breached: true,
    });
    const [alert] = await alertsOf('shifted');
    expect(alert?.title).toContain('close differs from training: KS ');

    const next = await platform.train(set.reference, 'trees');
    await platform.approve(next);
    const variants = [{ name: 'main', model: next, weight: 1 }];
    await services.endpoints.put({ name: 'shifted', variants, entity: ['symbol'] }, caller);
    await until(
      () => services.alerts.get({ id: alert?.id ?? '' }, caller),
      (found) => found.state === 'resolved',
    );
    expect(next).not.toBe(model);
  }, 60_000);

  test('realised errors are held against those of the evaluation; answers of the rule count for nothing', async () => {
    const { services, caller, predict, tell, model, set } = platform;
    await services.evaluations.evaluate(
      { model, dataset: set.reference, target: 'next', timeColumn: 'day', window: { last: 200 } },
      caller,
    );
    await services.monitoring.put(
      { name: 'errors', kind: 'error', endpoint: 'forecast', window: 15 },
      caller,
    );
    const random = createRandom(3);
    const play = async (from: number, count: number, offset: number): Promise<void> => {
      for (let i = from; i < from + count; i += 1) {
        const day = drawn(random, later(i));
        await predict(day);
        await tell(day, day.next + offset);
      }
    };
    await play(0, 20, 0);
    const { results } = await services.monitoring.check({ name: 'errors' }, caller);
    expect(results).toMatchObject([{ column: 'error', statistic: 'mae', breached: false, rows: 15 }]);
    await services.endpoints.forceFallback({ name: 'forecast', enabled: true, reason: 'test' }, caller);
    await play(20, 15, 50);
    await expect(services.monitoring.check({ name: 'errors' }, caller)).resolves.toMatchObject({
      results: [{ eventTime: later(19), breached: false }],
    });
    await services.endpoints.forceFallback({ name: 'forecast', enabled: false, reason: 'test' }, caller);
    await play(35, 15, 20);
    const after = await services.monitoring.check({ name: 'errors' }, caller);
    expect(after.results).toMatchObject([{ breached: true, eventTime: later(49) }]);
    expect((await alertsOf('forecast'))[0]?.causes[0]?.text).toMatch(/^mean absolute error \d/);
  }, 60_000);

  test('says what is missing instead of judging nothing', async () => {
    const { services, caller } = platform;
    await addEndpoint('quiet');
    await services.monitoring.put(
      { name: 'quiet-drift', kind: 'drift', endpoint: 'quiet', window: 30 },
      caller,
    );
    await expect(services.monitoring.check({ name: 'quiet-drift' }, caller)).rejects.toThrow(
      'its window takes 30 rows, and only 0 answers are there',
    );
    await expect(
      services.monitoring.put({ name: 'x', kind: 'drift', endpoint: 'nowhere' }, caller),
    ).rejects.toMatchObject({ code: 'endpointNotFound' });
    await expect(services.monitoring.check({ name: 'nothing' }, caller)).rejects.toMatchObject({
      code: 'monitorNotFound',
    });
    const again = { name: 'quiet-drift', kind: 'drift', endpoint: 'quiet', window: 30 } as const;
    expect(await services.monitoring.put(again, caller)).toMatchObject({ unchanged: true });
    expect(await services.monitoring.put({ ...again, window: 40 }, caller)).toMatchObject({
      unchanged: false,
    });
    await services.monitoring.delete({ name: 'quiet-drift' }, caller);
    await expect(services.monitoring.get({ name: 'quiet-drift' }, caller)).rejects.toMatchObject({
      status: 404,
    });
  });
});
