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
