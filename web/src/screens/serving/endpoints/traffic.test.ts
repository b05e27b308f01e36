import type { EndpointStats } from '@tidemill/sdk';
import { expect, test } from 'vitest';
import { toMinutes, toPhaseLines, toRateLines, toShownVariant } from './traffic.ts';

const minute = 60_000;
const none = { p50: null, p95: null, p99: null };
const phases = (ms: number) => ({
  queue: none,
  features: none,
  inference: none,
  total: { p50: ms, p95: ms * 2, p99: ms * 3 },
});
const counts = (variant: string, requests: number, failures = 0, fallbacks = 0) => ({
  ...{ variant, model: variant && `m@${variant}`, requests, failures, fallbacks },
  phases: phases(requests),
});
const stats: EndpointStats = {
  endpoint: 'e',
  from: 2 * minute + 5,
  to: 5 * minute + 5,
  variants: [counts('1', 3), counts('2', 9, 0, 2), counts('', 1, 1)],
  series: [
    { at: 2 * minute, ...counts('1', 3) },
    { at: 4 * minute, ...counts('2', 9, 0, 2) },
    { at: 4 * minute, ...counts('', 1, 1) },
  ],
};

test('minutes without a request are zeros of rates and gaps of times', () => {
  const minutes = toMinutes(stats);
  expect(minutes).toEqual([2, 3, 4, 5].map((number) => number * minute));
  const values = toRateLines(stats, minutes).map(({ name, points }) => [
    name,
    points.map(([, value]) => value),
  ]);
  expect(values).toEqual([
    ['1 (m@1)', [3, 0, 0, 0]],
    ['2 (m@2)', [0, 0, 9, 0]],
    ['by fallback', [0, 0, 2, 0]],
    ['failed', [0, 0, 1, 0]],
  ]);
  expect(toShownVariant(stats)).toEqual({ key: '2 m@2', variant: '2' });
  const shown = stats.series.filter(({ variant }) => variant === '2');
  expect(toPhaseLines(shown, minutes, 'total').map(({ points }) => points.map(([, value]) => value))).toEqual(
    [
      [null, null, 9, null],
      [null, null, 18, null],
      [null, null, 27, null],
    ],
  );
});
