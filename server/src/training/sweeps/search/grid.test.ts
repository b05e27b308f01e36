import { describe, expect, test } from 'vitest';
import { countGrid, createGridSampler } from './grid.ts';
import { parseSpace } from './parse-space.ts';

const pointsOf = (json: object) => {
  const space = parseSpace(json);
  const sampler = createGridSampler({ space });
  return Array.from({ length: countGrid(space) + 1 }, (_, number) => sampler.ask(number)?.parameters ?? null);
};

describe('a grid', () => {
  test('gives every combination once, in order, then nothing', () => {
    expect(
      pointsOf({
        a: { type: 'float', low: 0.1, high: 0.3, step: 0.1 },
        b: { type: 'categorical', choices: ['x', null] },
      }),
    ).toEqual([
      { a: 0.1, b: 'x' },
      { a: 0.1, b: null },
      { a: 0.2, b: 'x' },
      { a: 0.2, b: null },
      { a: 0.3, b: 'x' },
      { a: 0.3, b: null },
      null,
    ]);
  });

  test('goes through a parameter only where its conditions hold', () => {
    const opt = { type: 'categorical', choices: ['adam', 'sgd'] };
    expect(pointsOf({ opt, momentum: { type: 'int', low: 0, high: 1, if: { opt: 'sgd' } } })).toEqual([
      { opt: 'adam' },
      { opt: 'sgd', momentum: 0 },
      { opt: 'sgd', momentum: 1 },
      null,
    ]);
  });

  test('has a single point where there is nothing to choose', () => {
    expect(pointsOf({ a: { type: 'float', low: 2, high: 2 } })).toEqual([{ a: 2 }, null]);
  });

  test.each([
    [
      { lr: { type: 'float', low: 0, high: 1 } },
      /'lr' is a float without a step, which a grid cannot go through/,
    ],
    [{ n: { type: 'int', low: 1, high: 20_000 } }, /'n' alone has 20000 values, and a grid at most 10000/],
    [
      { n: { type: 'int', low: 1, high: 200 }, m: { type: 'int', low: 1, high: 51 } },
      /The grid has more than 10000 points; give fewer values/,
    ],
  ])('without an end or sense is refused', (json, message) => {
    expect(() => createGridSampler({ space: parseSpace(json) })).toThrow(
      expect.objectContaining({ code: 'searchSpaceInvalid', message: expect.stringMatching(message) }),
    );
  });
});
