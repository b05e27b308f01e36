import { expect, test } from 'vitest';
import { assertBatch, assertExperimentName, assertInput } from './limits.ts';
import type { DatasetInput, RunBatch } from './rules.ts';

const none: RunBatch = { parameters: [], metrics: [], tags: [] };
const parameter = (key: string, value = 'x'): RunBatch => ({ ...none, parameters: [{ key, value }] });
const metric = (fields: object): RunBatch => ({
  ...none,
  metrics: [{ key: 'loss', value: 1, timestamp: 0, step: 0, ...fields }],
});

test.each(['a', 'a/b', 'a b', 'train:loss', 'größe', '日本', '.hidden', 'a'.repeat(250), '__proto__'])(
  'the key %j may be used',
  (key) => expect(() => assertBatch(parameter(key))).not.toThrow(),
);

test.each(['', '/a', 'a/', 'a//b', './a', 'a/../b', '..', '..a', 'a\\b', 'a\nb', 'a"b', 'a'.repeat(251)])(
  'the key %j is refused, with its place',
  (key) => expect(() => assertBatch(parameter(key))).toThrow(/^params\[0\]\.key cannot be stored: /),
);

test.each([
  [parameter('a', 'x'.repeat(6_001)), 'params[0].value'],
  [parameter('a', 'a\0b'), 'params[0].value'],
  [{ ...none, tags: [{ key: 't', value: 'x'.repeat(8_001) }] }, 'tags[0].value'],
  [metric({ timestamp: -1 }), 'metrics[0].timestamp'],
  [metric({ timestamp: 1.5 }), 'metrics[0].timestamp'],
  [metric({ step: 2 ** 53 }), 'metrics[0].step'],
  [metric({ key: '../x' }), 'metrics[0].name'],
  [{ ...none, parameters: [...parameter('a').parameters, ...parameter('a').parameters] }, 'params'],
])('batch %# is refused at its place', (batch, where) => {
  expect(() => assertBatch(batch)).toThrow(`${where} cannot be stored`);
});

test('any double is a metric, and length is counted in characters, not in halves of them', () => {
  for (const value of [Number.NaN, Infinity, -Infinity, -0, Number.MIN_VALUE])
    expect(() => assertBatch(metric({ value, step: -5 }))).not.toThrow();
  expect(() => assertBatch(parameter('a', '😀'.repeat(6_000)))).not.toThrow();
});

test('experiments need a name of at most 500 characters', () => {
  expect(() => assertExperimentName(' ')).toThrow('an experiment needs a name');
  expect(() => assertExperimentName('x'.repeat(501))).toThrow('longer than 500');
  expect(() => assertExperimentName('x'.repeat(500))).not.toThrow();
});

test.each([
  [{ name: '' }, 'datasets[0].dataset.name'],
  [{ digest: 'd'.repeat(37) }, 'datasets[0].dataset.digest'],
  [{ schema: 's'.repeat(1_048_576) }, 'datasets[0].dataset.schema'],
  [{ tags: [{ key: 'k', value: 'v'.repeat(501) }] }, 'datasets[0].tags[0].value'],
])('a dataset input with %# is refused', (fields, where) => {
  const input: DatasetInput = {
    name: 'prices',
    digest: 'abc',
    sourceType: 'local',
    source: '{}',
    schema: null,
    profile: null,
    tags: [],
    ...fields,
  };
  expect(() => assertInput('datasets[0]', input)).toThrow(where);
});
