import type { Sweep, Trial } from '@tidemill/sdk';
import { expect, it } from 'vitest';
import { countStates, isMoving, toBudget, toBudgetText } from './search-words.ts';

const inStates = (...states: Trial['state'][]) => states.map((state) => ({ state }) as Trial);

it('counts states in the order in which they interest', () =>
  expect(countStates(inStates('failed', 'complete', 'running', 'complete'))).toBe(
    '2 complete, 1 running, 1 failed',
  ));

it('sends only what was changed of a budget, and minutes as seconds', () => {
  const before = { trials: 40, seconds: 90 };
  const text = toBudgetText(before);
  expect(text).toEqual({ trials: '40', minutes: '1.5', cost: '' });
  expect(toBudget(text, before)).toEqual({});
  expect(toBudget({ trials: '60', minutes: '2', cost: '5' }, before)).toEqual({
    trials: 60,
    seconds: 120,
    cost: 5,
  });
  expect(toBudget({ trials: '', minutes: '-1', cost: 'much' }, before)).toEqual({});
});

it('moves until it has ended, or is stopped and nothing is at work', () => {
  const sweep = (state: Sweep['state'], finishedAt: number | null, ...states: Trial['state'][]) =>
    isMoving({ state, finishedAt, trials: inStates(...states) } as Sweep);
  expect(sweep('running', null)).toBe(true);
  expect(sweep('stopped', null, 'running')).toBe(true);
  expect(sweep('stopped', null, 'complete')).toBe(false);
  expect(sweep('succeeded', 1, 'complete')).toBe(false);
});
