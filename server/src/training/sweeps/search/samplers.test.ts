import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSpace } from './parse-space.ts';
import type { Direction, SearchTrial } from './sampler.ts';
import { type SamplerName, samplers } from './samplers.ts';
import { play, scoreOfPoint, spaceJson } from './search-testing.ts';
import { holdsPoint, isActive, type Point } from './space.ts';

const names = Object.keys(samplers).filter((name): name is Exclude<SamplerName, 'grid'> => name !== 'grid');
const runs = { numRuns: 25 };
const histories = fc.record({
  json: spaceJson,
  seed: fc.maxSafeInteger(),
  lag: fc.integer({ min: 1, max: 4 }),
  directions: fc.array(fc.constantFrom<Direction>('minimize', 'maximize'), { minLength: 1, maxLength: 3 }),
  isStrange: fc.boolean(),
});
const strange = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 1e300];
const score =
  ({ directions, isStrange }: { directions: readonly Direction[]; isStrange: boolean }) =>
  (point: Point) =>
    directions.map((_, goal) => {
      const value = scoreOfPoint(point) * Math.cos(goal * 2 + scoreOfPoint(point));
      return isStrange ? (strange[Math.floor(Math.abs(value) * 5)] ?? value) : value;
    });

describe.each(names)('%s', (name) => {
  const inputOf = ({
    json,
    seed,
    directions,
  }: {
    json: object;
    seed: number;
    directions: readonly Direction[];
  }) => ({
    ...{ space: parseSpace(json), seed, populationSize: 8 },
    directions: name === 'cma-es' ? directions.slice(0, 1) : directions,
  });

  test('gives points of the space, with a parameter exactly where its conditions hold', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const input = inputOf(history);
        const { space } = input;
        const { points } = play(samplers[name](input), 40, history.lag, score(history));
        expect(points).toHaveLength(40);
        for (const point of points) {
          expect(holdsPoint(space, point), JSON.stringify(point)).toBe(true);
          for (const parameter of space.parameters)
            expect(parameter.name in point).toBe(isActive(parameter, point));
        }
      }),
      runs,
    );
  });

  test('answers the same to the same seed and the same trials, in whatever order they were told', () => {
    fc.assert(
      fc.property(histories, fc.infiniteStream(fc.nat()), (history, order) => {
        const input = inputOf(history);
        const first = samplers[name](input);
        const { trials } = play(first, 40, history.lag, score(history));
        const again = samplers[name](input);
        for (const trial of shuffled(trials, order)) again.tell(trial);
        for (const number of [40, 41]) expect(again.ask(number)).toEqual(first.ask(number));
        const unchanged = first.ask(50);
        first.ask(51);
        expect(first.ask(50)).toEqual(unchanged);
      }),
      runs,
    );
  });

  test('leaves points aside that the space does not hold', () => {
    const space = parseSpace({ x: { type: 'float', low: 0, high: 1 } });
    const input = { space, seed: 1, directions: ['minimize'] as const };
    const [plain, told] = [samplers[name](input), samplers[name](input)];
    for (const parameters of [{} as Point, { x: 2 }, { x: 0.5, y: 1 }, { x: 'a' }])
      told.tell({ number: 70, state: 'complete', parameters, values: [1], lastReport: null, generation: 0 });
    expect(told.ask(3)).toEqual(plain.ask(3));
  });
});

function shuffled(trials: readonly SearchTrial[], order: Iterable<number>): readonly SearchTrial[] {
  const keys = order[Symbol.iterator]();
  return trials
    .map((trial) => ({ trial, key: Number(keys.next().value) }))
    .sort((a, b) => a.key - b.key)
    .map(({ trial }) => trial);
}
