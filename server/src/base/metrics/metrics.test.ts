import { expect, test } from 'vitest';
import { createHistogram, observe } from './histogram.ts';
import { createMetrics } from './metrics.ts';

test('a family is asked at each scrape: what is gone has no series any more', async () => {
  const metrics = createMetrics();
  let names = ['a"b\\c\nd', 'plain'];
  metrics.add({
    name: 'thing_count',
    help: 'Things',
    type: 'gauge',
    collect: () => names.map((name) => ({ labels: { name }, value: 1 })),
  });
  const { body, contentType } = await metrics.text();
  expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(body).toContain('# HELP thing_count Things\n# TYPE thing_count gauge\n');
  expect(body).toContain('thing_count{name="a\\"b\\\\c\\nd"} 1\n');
  expect(body).toContain('nodejs_eventloop_lag_seconds');
  names = [];
  expect((await metrics.text()).body).not.toContain('thing_count{');
});

test('buckets are summed up, and a bound belongs to its bucket', async () => {
  const histogram = createHistogram([1, 10]);
  for (const value of [0.5, 1, 5, 10, 11]) observe(histogram, value);
  const metrics = createMetrics();
  metrics.add({
    name: 'took_seconds',
    help: 'Took',
    type: 'histogram',
    divisor: 1000,
    collect: () => [{ labels: { of: 'x' }, histogram }],
  });
  const lines = (await metrics.text()).body.split('\n').filter((line) => line.startsWith('took_seconds'));
  expect(lines).toEqual([
    'took_seconds_bucket{of="x",le="0.001"} 2',
    'took_seconds_bucket{of="x",le="0.01"} 4',
    'took_seconds_bucket{of="x",le="+Inf"} 5',
    'took_seconds_sum{of="x"} 0.0275',
    'took_seconds_count{of="x"} 5',
  ]);
});
