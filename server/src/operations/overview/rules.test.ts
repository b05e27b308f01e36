import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spansOf, thin } from './rules.ts';

test('a thinned series keeps its ends, its order and no more points than asked for', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 2, max: 700 }), (length, most) => {
      const items = Array.from({ length }, (_, i) => i);
      const thinned = thin(items, most);
      expect(thinned).toHaveLength(Math.min(length, most));
      expect([thinned[0], thinned.at(-1)]).toEqual([0, length - 1]);
      expect(thinned.every((item, i) => i === 0 || item > (thinned[i - 1] ?? 0))).toBe(true);
    }),
  );
});

test('a canary revision with the same main model continues the span', () => {
  const models = new Map([
    [1, 'm@1'],
    [2, 'm@1'],
    [3, 'm@2'],
  ]);
  const records = [1, 1, 2, 9, 2, 3, 3].map((revision, eventTime) => ({ revision, eventTime }));
  expect(spansOf(records, models)).toEqual([
    { model: 'm@1', from: 0, to: 4 },
    { model: 'm@2', from: 5, to: 6 },
  ]);
});
