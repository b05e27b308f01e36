import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sortMagnitudes } from './radix-sort.ts';
import { countBelow, countOf, placeOf, tallyOf, timesAt } from './tally.ts';

const doubles = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const long = { minLength: 300, maxLength: 700 };
const numbers = fc.oneof(
  fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 60 }),
  fc.array(fc.integer({ min: 2 ** 53 - 30, max: 2 ** 53 - 1 }), { maxLength: 60 }),
  fc.array(fc.integer({ min: 0, max: 30 }).map((value) => 2 ** 60 + 256 * value)),
  fc.array(fc.integer({ min: -30, max: 30 }).map((value) => value / 7)),
  fc.array(doubles),
  fc.array(doubles, long),
);

function expectTally(list: readonly number[]): void {
  const tally = tallyOf(Float64Array.from(list));
  const sorted = [...list].sort((a, b) => a - b);
  const distinct = [...new Set(sorted)];
  expect([...tally.values]).toEqual(distinct);
  expect(distinct.map((_, at) => timesAt(tally, at))).toEqual(
    distinct.map((value) => sorted.lastIndexOf(value) - sorted.indexOf(value) + 1),
  );
  expect(countOf(tally)).toBe(list.length);
}

it('holds the distinct values and how often each occurs', () => {
  fc.assert(fc.property(numbers, expectTally));
});

it('is the same counted, looked up or sorted', () => {
  const random = (i: number) => ((i * 2_654_435_761) % 4_294_967_296) / 4_294_967_296;
  const values = (of: (share: number) => number) => Array.from({ length: 10_000 }, (_, i) => of(random(i)));
  expectTally(values((share) => Math.floor(share * 9) - 4));
  expectTally(values((share) => Math.floor(share * 900) / 7 - 40));
  expectTally(values((share) => share - 0.5));
  expectTally(values((share) => Math.exp(90 * share) - Math.exp(85 * share)));
});

it('finds values by their position, and positions by value', () => {
  fc.assert(
    fc.property(numbers, fc.nat(), (list, pick) => {
      fc.pre(list.length > 0);
      const tally = tallyOf(Float64Array.from(list));
      const sorted = [...list].sort((a, b) => a - b);
      const position = pick % sorted.length;
      const value = sorted[position] ?? 0;
      expect(tally.values[placeOf(tally, position)]).toBe(value);
      expect(countBelow(tally, value)).toBe(sorted.indexOf(value));
      expect(countBelow(tally, value, true)).toBe(sorted.lastIndexOf(value) + 1);
    }),
  );
});

it('sorts doubles by their bits', () => {
  const magnitudes = fc.oneof(
    fc.array(doubles.map(Math.abs), long),
    // Apart in the lowest bits only, with one far away, so that the highest bits say nothing of them.
    fc
      .array(
        fc.integer({ min: 0, max: 5_000 }).map((value) => 2 ** 52 + value),
        long,
      )
      .map((list) => [1e300, ...list]),
    fc.array(
      fc.integer({ min: 0, max: 2 ** 32 }).map((value) => value * 2 ** -1074),
      long,
    ),
  );
  fc.assert(
    fc.property(magnitudes, (list) => {
      const values = Float64Array.from(list);
      const sorted = values.slice().sort();
      expect([...sortMagnitudes(values, new Float64Array(list.length))]).toEqual([...sorted]);
    }),
  );
});
