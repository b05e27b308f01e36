import { expect, test } from 'vitest';
import { createTrafficStats } from './traffic-stats.ts';

const start = Date.parse('2026-01-05T10:00:00Z');
const times = (total: number) => ({ queue: 0.05, features: 0, inference: total / 2, total });

function openStats() {
  const clock = { at: start, now: () => clock.at };
  const stats = createTrafficStats(clock);
  const counter = stats.open('default', 'forecast');
  const answer = (total: number, source = 'model', model = 'forecaster@1') =>
    counter.answered({ variant: 'main', model, source, records: 2, times: times(total) });
  return { clock, stats, counter, answer };
}

test('percentiles are those of the values, to within 5 %', () => {
  const { stats, answer } = openStats();
  for (let i = 1; i <= 1000; i++) answer(i / 10);
  const [variant] = stats.recent('default', 'forecast', 5).variants;
  expect(variant).toMatchObject({ variant: 'main', model: 'forecaster@1', requests: 1000, fallbacks: 0 });
  const { total, features } = variant?.phases ?? {};
  for (const [name, value] of [
    ['p50', 50],
    ['p95', 95],
    ['p99', 99],
  ] as const)
    expect(Math.abs((total?.[name] ?? 0) / value - 1), name).toBeLessThan(0.05);
  expect(features).toEqual({ p50: 0, p95: 0, p99: 0 });
});

test('what is older than the minutes asked for is left out, and an hour later nothing is left', () => {
  const { clock, stats, counter, answer } = openStats();
  answer(1);
  clock.at += 3 * 60_000;
  answer(2, 'fallback');
  counter.failed(503, { variant: 'main', model: 'forecaster@1' });
  const sums = (minutes: number) =>
    stats
      .recent('default', 'forecast', minutes)
      .variants.map(({ requests, fallbacks, failures }) => [requests, fallbacks, failures]);
  expect(sums(2)).toEqual([[2, 1, 1]]);
  expect(sums(5)).toEqual([[3, 1, 1]]);
  expect(stats.recent('default', 'forecast', 5).series.map(({ at }) => at - start)).toEqual([0, 180_000]);
  clock.at += 60 * 60_000;
  expect(sums(60)).toEqual([]);
  answer(4);
  expect(stats.recent('default', 'forecast', 1).variants[0]?.phases.total.p50).toBeCloseTo(4, 0);
});

test('models that come and go do not pile up', () => {
  const { stats, answer } = openStats();
  for (let i = 1; i <= 500; i++) answer(1, 'model', `forecaster@${i}`);
  const models = [...stats.all()].map(({ model }) => model);
  expect(models).toHaveLength(40);
  expect(models.at(-1)).toBe('forecaster@500');
});
