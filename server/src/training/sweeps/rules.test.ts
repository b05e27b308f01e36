import { expect, test } from 'vitest';
import { chooseBest, type LearnerTrial } from './rules.ts';

const trial = (
  number: number,
  value: number | null,
  state: LearnerTrial['state'] = 'complete',
): LearnerTrial => ({
  ...{ number, value, values: value === null ? null : [value], state, learner: 'ridge', parameters: {} },
  ...{ runId: `${number}`, error: null, lastStep: null, jobId: null, source: null, cost: null },
  ...{ startedAt: 0, endedAt: null },
});

test('the least error is best, the earlier of equals, and only what is complete counts', () => {
  expect(chooseBest([])).toBeNull();
  expect(chooseBest([trial(0, null, 'failed'), trial(1, null, 'running')])).toBeNull();
  expect(chooseBest([trial(0, 3), trial(1, 1), trial(2, 2)])?.number).toBe(1);
  expect(chooseBest([trial(4, 1), trial(2, 1), trial(3, 1)])?.number).toBe(2);
  expect(chooseBest([trial(0, -1, 'failed'), trial(1, 5)])?.number).toBe(1);
});
