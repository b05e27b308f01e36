import fc from 'fast-check';
import { expect, it } from 'vitest';
import { durationMs, formatDuration } from './duration.ts';

it.each([
  ['500ms', 500],
  ['90m', 5_400_000],
  ['36h', 129_600_000],
  ['7d', 604_800_000],
  ['2w', 1_209_600_000],
])('%s is %i ms', (text, ms) => expect(durationMs(text)).toBe(ms));

it.each(['', '7', '0d', '-1d', '1.5d', '7 d', '7D', '1y', '37000d', '999999999w'])('%j is none', (text) => {
  expect(() => durationMs(text)).toThrow(/duration/);
});

it('is written in one spelling that reads as it was', () => {
  expect(
    ['24h', '36h', '60m', '14d', '2w', '1001ms'].map((text) => formatDuration(durationMs(text))),
  ).toEqual(['1d', '36h', '1h', '14d', '14d', '1001ms']);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 999_999_999 }), (ms) => {
      expect(durationMs(formatDuration(ms))).toBe(ms);
    }),
  );
});
