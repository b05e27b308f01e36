import { TidemillClientError } from '@tidemill/sdk';
import { expect, it } from 'vitest';
import { emptyCommand, noCode } from '../command/command-form.ts';
import {
  addParameter,
  emptyParameter,
  emptySearch,
  exampleSpace,
  searchWrongOf,
  toSearch,
} from './search-form.ts';

const command = { ...emptyCommand, command: 'python train.py ${args}' };
const space = '{"lr": {"type": "float", "low": 0, "high": 1}}';

it('makes a search of jobs, with a pruner within another', () => {
  const text = {
    ...emptySearch,
    space,
    goals: 'loss:min',
    pruner: 'patient',
    wrapped: 'percentile',
    minutes: '1.5',
  };
  const settings = { 'patient.patience': '3', 'percentile.percentile': '25', 'median.warmupSteps': '9' };
  const { request, wrong } = toSearch(text, command, settings, noCode);
  expect(wrong).toEqual({});
  expect(request).toEqual({
    ...{ experiment: 'Default', space: { lr: { type: 'float', low: 0, high: 1 } }, sampler: 'tpe' },
    goals: [{ metric: 'loss', direction: 'minimize' }],
    pruner: { type: 'patient', patience: 3, wrapped: { type: 'percentile', percentile: 25 } },
    ...{ budget: { trials: 30, seconds: 90 }, command: { command: ['python', 'train.py', '${args}'] } },
  });
  expect(
    toSearch({ ...text, trialsAre: 'outside' }, command, settings, noCode).request.command,
  ).toBeUndefined();
});

it('says what is missing, by field', () => {
  const text = { ...emptySearch, trials: '', goals: 'loss', pruner: 'percentile', parallel: 'x', space: '{' };
  expect(Object.keys(toSearch(text, command, {}, noCode).wrong).sort()).toEqual([
    'budget',
    'goals',
    'parallel',
    'pruner',
    'space',
  ]);
  expect(toSearch({ ...emptySearch, goals: 'a:max' }, command, {}, noCode).wrong).toEqual({
    space: 'It has no parameter yet',
  });
});

it('adds parameters by rows', () => {
  const add = (before: string, row: Partial<typeof emptyParameter>) =>
    addParameter(before, { ...emptyParameter, ...row });
  const first = add('{}', { name: 'lr', low: '1e-5', high: '0.1', scale: 'log' });
  expect('space' in first && JSON.parse(first.space)).toEqual({
    lr: { type: 'float', low: 0.00001, high: 0.1, log: true },
  });
  const second = add('space' in first ? first.space : '', {
    type: 'categorical',
    name: 'o',
    choices: 'adam, 2, null',
  });
  expect('space' in second && JSON.parse(second.space).o).toEqual({
    ...{ type: 'categorical', choices: ['adam', 2, null] },
  });
  expect(add(exampleSpace, { name: 'lr', low: '0', high: '1' })).toEqual({
    wrong: "'lr' is in the space already",
  });
  for (const row of [
    {},
    { name: 'a' },
    { name: 'a', low: '0', high: 'x' },
    { name: 'a', type: 'categorical' },
  ])
    expect(add('{}', row)).toHaveProperty('wrong');
  expect(add('{', { name: 'a' })).toHaveProperty('wrong');
});

it('knows the field that a refusal speaks of', () => {
  const refused = (code: string, details: Record<string, unknown> = {}) =>
    searchWrongOf(new TidemillClientError({ code, details, message: 'No.', status: 400 }));
  expect(refused('searchSpaceInvalid').search).toEqual({ space: 'No.' });
  const reason = 'its command names ${x}, which the space does not have';
  expect(refused('sweepInvalid', { reason })).toEqual({ search: {}, command: { command: 'No.' } });
  expect(refused('requestInvalid', { problems: '/budget/trials must be >= 1' })).toEqual({
    ...{ search: { budget: 'must be >= 1' }, command: {} },
  });
  expect(refused('requestInvalid', { problems: '/command/resources/cpu must be > 0' }).command).toEqual({
    cpu: 'must be > 0',
  });
});
