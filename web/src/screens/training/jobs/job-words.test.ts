import type { Job } from '@tidemill/sdk';
import { expect, it } from 'vitest';
import { tookMs, trialOf, usageOf, whatItRuns } from './job-words.ts';

const job = (spec: Record<string, unknown>, kind: Job['kind'] = 'command'): Job => ({
  ...{ id: 'job_1', kind, state: 'running', experiment: 'e', runId: null, modelVersion: null },
  ...{ progress: { cpuSeconds: 3, peakMemoryBytes: 'unknown' }, error: null, attempt: 1, spec },
  ...{ createdAt: 0, startedAt: 1000, finishedAt: null, cachedFrom: null, cacheMiss: null },
});

it('says a command as a shell takes it, and a learner with its data', () => {
  expect(whatItRuns(job({ command: ['python', 'train.py', '--name=a b', "it's"] }))).toBe(
    `python train.py '--name=a b' 'it'\\''s'`,
  );
  expect(whatItRuns(job({ learner: 'trees', trainingSet: 'days@2' }, 'learner'))).toBe('trees on days@2');
});

it('finds the trial of a sweep', () => {
  const environment = { TIDEMILL_SWEEP_ID: 'sweep_1', TIDEMILL_TRIAL: '0' };
  expect(trialOf(job({ command: ['a'], environment }))).toEqual({ sweep: 'sweep_1', number: '0' });
  expect(trialOf(job({ command: ['a'], environment: {} }))).toBeNull();
});

it('counts until now while it runs', () => {
  expect(tookMs(job({}), 4000)).toBe(3000);
  expect(tookMs({ ...job({}), finishedAt: 2500 }, 4000)).toBe(1500);
  expect(tookMs({ ...job({}), startedAt: null }, 4000)).toBeNull();
});

it('takes no text for a measure', () =>
  expect(usageOf(job({}))).toEqual({ cpuSeconds: 3, peakMemoryBytes: null }));
