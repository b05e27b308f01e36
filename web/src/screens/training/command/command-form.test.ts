import { TidemillClientError } from '@tidemill/sdk';
import { expect, it } from 'vitest';
import type { CommandSpec } from '../jobs/job-words.ts';
import { emptyCommand, noCode, toCommandJob, toCommandText, wrongOf } from './command-form.ts';

const file = { path: 'train.py', sha256: 'a'.repeat(64) };

it('sends what was filled in and nothing else', () => {
  const text = { ...emptyCommand, command: "python train.py '--name=a b'" };
  expect(toCommandJob(text, noCode)).toEqual({
    request: { experiment: 'Default', command: ['python', 'train.py', '--name=a b'] },
    wrong: {},
  });
  const full = {
    ...{
      ...text,
      inputs: 'prices@2\n\n model:m@1 ',
      parameters: 'lr=0.1\nname=x=y\non=true\nnone=null\nd=2024-01-01',
    },
    ...{
      memory: '1.5GiB',
      cpu: '2',
      timeout: '60',
      attempts: '3',
      priority: '-5',
      seed: '0',
      environment: 'A=1',
    },
  };
  const { request } = toCommandJob(full, { ...noCode, files: [file] });
  expect(request).toMatchObject({
    ...{ inputs: ['prices@2', 'model:m@1'], code: [file], environment: { A: '1' }, seed: 0, priority: -5 },
    parameters: { lr: 0.1, name: 'x=y', on: true, none: null, d: '2024-01-01' },
    ...{ resources: { cpu: 2, memoryBytes: 1_610_612_736 }, timeoutSeconds: 60, maximumAttempts: 3 },
  });
  // A folder of the server's stands in place of files.
  expect(
    toCommandJob({ ...text, folder: '/srv' }, { ...noCode, files: [file] }).request.code,
  ).toBeUndefined();
});

it('says what cannot be sent, where it stands', () => {
  const wrong = { command: "echo 'x", parameters: 'lr', memory: 'much', cpu: 'two' };
  expect(Object.keys(toCommandJob({ ...emptyCommand, ...wrong }, noCode).wrong).sort()).toEqual(
    Object.keys(wrong).sort(),
  );
});

it('brings a job back as it was asked', () => {
  const spec: CommandSpec = {
    ...{ experiment: 'e', command: ['sh', '-c', 'echo $X'], inputs: ['prices@2'], parameters: { lr: 0.1 } },
    ...{ environment: { X: '1', TIDEMILL_SWEEP_ID: 's', TIDEMILL_TRIAL: '3' }, dependencies: 'auto' },
    ...{ code: { files: 1 }, revision: null, files: [], priority: 0, timeoutSeconds: 9, maximumAttempts: 2 },
    resources: { cpu: 1, memoryBytes: 2 ** 30, gpu: 0 },
  };
  const text = toCommandText(spec);
  expect(text).toMatchObject({ command: "sh -c 'echo $X'", memory: '1GiB', cpu: '', environment: 'X=1' });
  expect(toCommandJob(text, noCode).request).toEqual({
    ...{ experiment: 'e', command: ['sh', '-c', 'echo $X'], inputs: ['prices@2'], parameters: { lr: 0.1 } },
    ...{
      environment: { X: '1' },
      resources: { memoryBytes: 2 ** 30 },
      timeoutSeconds: 9,
      maximumAttempts: 2,
    },
  });
});

it('knows the field that a refusal speaks of', () => {
  const refused = (code: string, details: Record<string, unknown>) =>
    wrongOf(new TidemillClientError({ code, details, message: 'No.', status: 400 }));
  expect(refused('jobTooLarge', { resource: 'memoryBytes' })).toEqual({ memory: 'No.' });
  expect(refused('datasetVersionNotFound', {})).toEqual({ inputs: 'No.' });
  const problems = '/resources/cpu must be > 0; /command/0 must be string; /command must have items';
  expect(refused('requestInvalid', { problems })).toEqual({ cpu: 'must be > 0', command: 'must be string' });
  expect(refused('internal', {})).toEqual({});
});
