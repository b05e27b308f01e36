import type { Run, RunUpdate } from '@tidemill/sdk';
import { expect, it } from 'vitest';
import { applyUpdate } from './live-run.ts';

const run: Run = {
  id: 'a',
  experimentId: '1',
  name: 'first',
  status: 'RUNNING',
  lifecycle: 'active',
  user: 'ada',
  startedAt: 1,
  endedAt: null,
  artifactUri: '',
  parameters: { lr: '1' },
  metrics: { loss: 3, acc: 0.1 },
  tags: { stage: 'dev', old: 'x' },
  inputs: [],
  modelInputs: [],
  modelOutputs: [],
} as Run;
const update: RunUpdate = {
  runId: 'a',
  name: 'renamed',
  status: 'FINISHED',
  endedAt: 9,
  metrics: [{ key: 'loss', value: null, timestamp: 5, step: 2 }],
  tags: { stage: 'prod' },
  removedTags: ['old'],
  isLast: true,
};

it('takes over what is new and keeps the rest', () => {
  const after = applyUpdate(run, update);
  expect(after).toMatchObject({ name: 'renamed', status: 'FINISHED', endedAt: 9, parameters: { lr: '1' } });
  expect(after.metrics).toEqual({ loss: null, acc: 0.1 });
  expect(after.tags).toEqual({ stage: 'prod' });
  expect(run.tags).toEqual({ stage: 'dev', old: 'x' });
});

it('leaves the metrics as they are when none moved, so that nothing is drawn anew', () =>
  expect(applyUpdate(run, { ...update, metrics: [] }).metrics).toBe(run.metrics));
