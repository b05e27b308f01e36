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

let platform: PricePlatform;
beforeAll(async () => {
  platform = await createPricePlatform({ days });
}, 60_000);
afterAll(() => platform.close());

describe('monitoring', () => {
  test('300 overlapping windows of days drawn again from the training days raise no alert', async () => {
    const { services, caller, model, predict } = platform;
    await services.endpoints.put(
      { name: 'control', variants: [{ name: 'main', model, weight: 1 }], entity: ['symbol'] },
      caller,
    );
    const watched = { endpoint: 'control', window: 22 };
    await services.monitoring.put({ name: 'control-drift', kind: 'drift', ...watched }, caller);
    await services.monitoring.put({ name: 'control-range', kind: 'out-of-range', ...watched }, caller);
    const random = createRandom(2023);
    for (let i = 0; i < 321; i += 1) {
      const drawn = days[random.integer(days.length)] as Day;
      await predict({ ...drawn, time: later(i) }, {}, 'control');
      if (i % 10 === 9) await services.monitoring.settled();
    }
    const results = await until(
      () => services.monitoring.results({ name: 'control-drift', column: 'close', limit: 1000 }, caller),
      ({ items }) => items[0]?.eventTime === later(320),
    );
    expect(results.items).toHaveLength(300);
    expect(results.items.every((result) => !result.breached && result.rows === 22)).toBe(true);
    expect((await services.alerts.list({ endpoint: 'control' }, caller)).items).toEqual([]);
  }, 120_000);
});
