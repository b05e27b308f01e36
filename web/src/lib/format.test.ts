import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatEventTime,
  formatGain,
  formatKey,
  formatNumber,
  formatRelative,
  formatShare,
  formatValue,
} from './format.ts';

describe('numbers', () => {
  it.each([
    [1200, '+1,200'],
    [-3, '−3'],
    [0, '0'],
    [null, '–'],
  ])('a gain of %s reads %s', (value, text) => expect(formatGain(value)).toBe(text));

  it.each([
    [1234567, '1,234,567'],
    [-3, '−3'],
    [0, '0'],
    [null, '–'],
    [Number.NaN, '–'],
  ])('count %s reads %s', (value, text) => expect(formatCount(value)).toBe(text));

  it.each([
    [1.69833, '1.698'],
    [224.5, '224.5'],
    [-0.45552, '−0.456'],
    [0.0128, '0.0128'],
    [0.0003, '0.000300'],
    [27, '27'],
    [27.01, '27.01'],
    [1e12 + 0.5, '1.000e+12'],
    [0.00001234, '1.234e−5'],
    [Number.NEGATIVE_INFINITY, '−∞'],
    [Number.NaN, '–'],
    [undefined, '–'],
  ])('measurement %s reads %s', (value, text) => expect(formatNumber(value)).toBe(text));

  it('keeps zeros so that a column lines up at the point', () =>
    expect([224.34, 224.545, 226.4].map((value) => formatNumber(value, 6))).toEqual([
      '224.340',
      '224.545',
      '226.400',
    ]));

  it("leaves a user's numbers as they are", () =>
    expect([0.05, 60, 1718150400000, 213.07, -2, true, null, 'AAPL', ['a']].map(formatValue)).toEqual([
      '0.05',
      '60',
      '1718150400000',
      '213.07',
      '−2',
      'true',
      '–',
      'AAPL',
      '["a"]',
    ]));

  it('writes shares as per cent and sizes in decimal units', () => {
    expect([formatShare(1), formatShare(0.125), formatShare(null)]).toEqual(['100 %', '12.5 %', '–']);
    expect([0, 999, 1234, 5_600_000].map(formatBytes)).toEqual(['0 B', '999 B', '1.23 kB', '5.60 MB']);
  });
});

describe('times', () => {
  const now = Date.UTC(2024, 4, 1, 12);

  it.each([
    [now, 'now'],
    [now - 4000, 'now'],
    [now - 12_000, '12 s ago'],
    [now - 3 * 60_000, '3 min ago'],
    [now - 5 * 3_600_000, '5 h ago'],
    [now - 40 * 86_400_000, '40 d ago'],
    [now - 3 * 365 * 86_400_000, '3 y ago'],
    [now + 90_000, 'in 1 min'],
  ])('%s reads %s', (time, text) => expect(formatRelative(time, now)).toBe(text));

  it.each([
    [12, '12 ms'],
    [3100, '3.1 s'],
    [61_000, '1 min 1 s'],
    [3_600_000 * 5, '5 h 0 min'],
    [86_400_000 * 3, '3 d 0 h'],
    [null, '–'],
  ])('a duration of %s ms reads %s', (value, text) => expect(formatDuration(value)).toBe(text));

  it('writes an event time as its day where the clock says midnight', () => {
    expect(formatEventTime(Date.UTC(2023, 9, 2))).toBe('2023-10-02');
    expect(formatEventTime(Date.UTC(2023, 9, 2, 14, 30))).toBe('2023-10-02 14:30Z');
  });
});

it('writes an entity key as its values', () => {
  expect(formatKey('["AAPL"]')).toBe('AAPL');
  expect(formatKey('["AAPL",3]')).toBe('AAPL, 3');
  expect(formatKey('not json')).toBe('not json');
});
