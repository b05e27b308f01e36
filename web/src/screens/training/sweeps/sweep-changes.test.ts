import type { Sweep, SweepChanges } from '@tidemill/sdk';
import { expect, it } from 'vitest';
import { addChanges } from './sweep-changes.ts';

const trial = (number: number, state: 'running' | 'complete') =>
  ({ number, state }) as Sweep['trials'][number];
const changes = (part: Partial<SweepChanges>): SweepChanges => ({
  ...{ sweep: { id: 's', definition: { space: {} } } as unknown as SweepChanges['sweep'] },
  ...{ trials: [], isWhole: false, hasMore: false, cursor: 'c' },
  ...part,
});

it('adds up what changed, and keeps what did not as it is', () => {
  const first = addChanges(
    undefined,
    changes({ isWhole: true, trials: [trial(1, 'running'), trial(0, 'running')] }),
  );
  expect(first.sweep.trials.map(({ number }) => number)).toEqual([0, 1]);
  const same = addChanges(first, changes({ cursor: 'd' }));
  expect(same.cursor).toBe('d');
  expect(same.sweep.trials).toBe(first.sweep.trials);
  expect(same.sweep.definition).toBe(first.sweep.definition);
  const next = addChanges(same, changes({ trials: [trial(2, 'running'), trial(0, 'complete')] }));
  expect(next.sweep.trials.map(({ state }) => state)).toEqual(['complete', 'running', 'running']);
  expect(next.sweep.trials[1]).toBe(first.sweep.trials[1]);
  expect(
    addChanges(next, changes({ isWhole: true, trials: [trial(5, 'running')] })).sweep.trials,
  ).toHaveLength(1);
});
