import type { MonitorResult, Overview } from '@tidemill/sdk';
import { expect, it } from 'vitest';
import { toBands, toDomain, toErrorLines, toMonitorLines, toPriceLines } from './overview-series.ts';

const day = (eventTime: number, change: Partial<Overview['series'][number]> = {}) => ({
  eventTime,
  truth: 10,
  prediction: 11,
  model: 'forecaster@1',
  source: 'model',
  error: 1,
  ...change,
});

it('marks answers of the rule, and leaves a gap where the truth is not known yet', () => {
  const lines = toPriceLines([
    day(1),
    day(2, { source: 'fallback', prediction: 9 }),
    day(3, { truth: null }),
  ]);
  expect(lines.map(({ name, points }) => [name, points])).toEqual([
    [
      'truth',
      [
        [1, 10],
        [2, 10],
        [3, null],
      ],
    ],
    [
      'forecast',
      [
        [1, 11],
        [2, 9],
        [3, 11],
      ],
    ],
    ['answered by the rule', [[2, 9]]],
  ]);
  expect(toPriceLines([day(1)]).map(({ name }) => name)).toEqual(['truth', 'forecast']);
});

it('takes errors by size and spans as bands', () => {
  expect(toErrorLines([day(1, { error: -2 }), day(2, { error: null })])[0]?.points).toEqual([
    [1, 2],
    [2, null],
  ]);
  expect(toBands([{ model: 'forecaster@1', from: 1, to: 2 }])).toEqual([
    { name: 'forecaster@1', from: 1, to: 2 },
  ]);
  expect(toDomain([day(5), day(2), day(9)])).toEqual([2, 9]);
  expect(toDomain([day(5)])).toBeNull();
});

it('draws each monitor by its loudest column', () => {
  const result = (eventTime: number, column: string, value: number): MonitorResult => ({
    monitor: 'drift',
    endpoint: 'forecast',
    kind: 'drift',
    eventTime,
    column,
    statistic: 'ks',
    value,
    threshold: 0.5,
    breached: value > 0.5,
    rows: 22,
    checkedAt: 0,
  });
  expect(toMonitorLines([result(1, 'a', 0.2), result(1, 'b', 0.4), result(2, 'a', 1)])).toEqual([
    {
      name: 'drift',
      points: [
        [1, 0.8],
        [2, 2],
      ],
    },
  ]);
});
