import { expect, it } from 'vitest';
import { toBestSoFar } from './best-so-far.ts';

it('goes down only, in order of trial, past failed ones', () =>
  expect(
    toBestSoFar([
      { number: 2, value: 5 },
      { number: 1, value: null },
      { number: 3, value: 7 },
      { number: 4, value: 3 },
    ]),
  ).toEqual([
    [1, null],
    [2, 5],
    [3, 5],
    [4, 3],
  ]));

it('goes up where more is better, and takes no value of a trial that was stopped on the way', () =>
  expect(
    toBestSoFar(
      [
        { number: 0, value: 2, state: 'complete' },
        { number: 1, value: 9, state: 'pruned' },
        { number: 2, value: 3, state: 'complete' },
      ],
      'maximize',
    ),
  ).toEqual([
    [0, 2],
    [1, 2],
    [2, 3],
  ]));
