import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPricePlatform, type Day, type PricePlatform, walk } from '../../testing/price-platform.ts';

const days = walk(300);
let platform: PricePlatform;
beforeAll(async () => {
  platform = await createPricePlatform({ days });
}, 60_000);
afterAll(() => platform.close());

test('a feature served otherwise than trained on is an alert that names the row', async () => {
  const { services, caller, predict } = platform;
  await services.monitoring.put({ name: 'served', kind: 'skew', endpoint: 'forecast' }, caller);
  const check = async () => (await services.monitoring.check({ name: 'served' }, caller)).results;
  for (let i = 0; i < 5; i += 1) await predict(days[i] as Day);
  expect(await check()).toMatchObject([
    { column: 'close', statistic: 'differs', value: 0, rows: 5, breached: false },
    { column: 'before', statistic: 'differs', value: 0, rows: 5, breached: false },
  ]);
  // Cents instead of euros, for one day.
  const wrong = days[5] as Day;
  await predict(wrong, { close: wrong.close * 100 });
  expect(await check()).toMatchObject([
    { column: 'close', value: 1, rows: 6, breached: true },
    { column: 'before', value: 0, breached: false },
  ]);
  const { items } = await services.alerts.list({ endpoint: 'forecast' }, caller);
  expect(items).toMatchObject([{ state: 'open', kind: 'skew', monitor: 'served' }]);
  expect(items[0]?.title).toBe(
    `close was served as ${wrong.close * 100} for ["TEST"] at ${new Date(wrong.time).toISOString()}, and row 6 of days@1 has ${wrong.close}: 1 of 6 same rows differ`,
  );
  expect(items[0]?.causes[0]?.rows).toMatchObject([{ key: '["TEST"]', row: 6, trained: wrong.close }]);
}, 60_000);
