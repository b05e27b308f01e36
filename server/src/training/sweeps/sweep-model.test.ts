import type { Sweep, Trial } from '@tidemill/contract';
import { expect, test } from 'vitest';
import { findModelOf } from './sweep-model.ts';

const trial = (number: number, change: Partial<Trial> = {}): Trial => ({
  ...{ number, state: 'complete', learner: null, parameters: {}, value: number, values: [number] },
  ...{ lastStep: null, runId: `run-${number}`, jobId: null, source: null, cost: null, error: null },
  ...{ startedAt: 0, endedAt: 1 },
  ...change,
});
const trials = [trial(0), trial(1), trial(2, { state: 'failed', value: null, error: 'no memory' })];
const sweep: Sweep = {
  ...{ id: 'sweep_1', kind: 'space', state: 'succeeded', trials, front: [], runId: 'own' },
  definition: { goals: [{ metric: 'val_rmse', direction: 'minimize' }] },
  ...{ best: trials[0] as Trial, chosen: null, confirmation: null, modelVersion: null, error: null },
  ...{ createdAt: 0, finishedAt: 1 },
};
const confirmation = (state: 'running' | 'succeeded') =>
  ({
    state,
    trials: [{ number: 1, n: 9, reason: 'its mean + 1·std is the least: 1.2' }, { number: 0 }],
  }) as never;

test('the best single value, and that it was not run again', () => {
  expect(findModelOf(sweep)).toEqual({
    trial: 0,
    runId: 'run-0',
    reason: 'Trial 0 of sweep_1, the best single value of 2, not run again: val_rmse 0',
  });
});

test('once the best were run again, the chosen one and its figures', () => {
  const confirmed = { ...sweep, chosen: trials[1] as Trial, confirmation: confirmation('succeeded') };
  expect(findModelOf(confirmed)).toEqual({
    trial: 1,
    runId: 'run-1',
    reason:
      'Trial 1 of sweep_1, chosen among 2 that were run again 9 times each: its mean + 1·std is the least: 1.2',
  });
  expect(findModelOf(confirmed, { asked: 0 }).reason).toContain('the best single value');
});

test('a sweep over our learners has the one model that was fitted on all rows', () => {
  const learners = { ...sweep, kind: 'learners', definition: { metric: 'mae' } } as const;
  expect(findModelOf(learners, { fitted: 0 })).toMatchObject({
    trial: 0,
    runId: 'own',
    reason: expect.stringContaining('mae 0'),
  });
  expect(() => findModelOf(learners, { asked: 1, fitted: 0 })).toThrow(
    'only its trial 0 was fitted on all rows',
  );
});

test('and, where another one was chosen afterwards, that of the chosen in its own run', () => {
  const chosen = { chosen: trials[1] as Trial, confirmation: confirmation('succeeded') };
  const learners = { ...sweep, ...chosen, kind: 'learners', definition: { metric: 'mae' } } as const;
  expect(findModelOf(learners, { fitted: 0 })).toMatchObject({ trial: 1, runId: 'run-1' });
  expect(findModelOf(learners, { fitted: 1 })).toMatchObject({ trial: 1, runId: 'own' });
  expect(findModelOf(learners, { fitted: 0, asked: 0 })).toMatchObject({ trial: 0, runId: 'own' });
});

test.each<[string, Partial<Sweep>, number | undefined, RegExp]>([
  ['still searching', { state: 'running' }, undefined, /still searches; wait/],
  ['being run again', { confirmation: confirmation('running') }, undefined, /run again just now/],
  ['of several goals', { front: [0, 1] }, undefined, /name one of its front, which is 0, 1/],
  ['without a value', { best: null }, undefined, /none of its trials is complete/],
  ['without the trial asked for', {}, 7, /no trial 7; the last one is 2/],
  ['without any trial', { trials: [] }, 0, /no trial 0, and none at all yet/],
  ['whose trial failed', {}, 2, /trial 2 is failed \(no memory\)/],
])('one %s says what to do', (_what, change, number, message) => {
  expect(() => findModelOf({ ...sweep, ...change }, { asked: number })).toThrow(message);
});
