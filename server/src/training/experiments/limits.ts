/** What may be written down about a run: MLflow's limits, so that a store can be moved there and back. */
import { errors } from '../../base/errors.ts';
import type { KeyValue } from '../../base/key-value.ts';
import type { DatasetInput, MetricValue, RunBatch } from './rules.ts';

export const limits = {
  key: 250,
  parameterValue: 6_000,
  tagValue: 8_000,
  experimentName: 500,
  experimentTagValue: 5_000,
  runName: 500,
  user: 256,
  dataset: { name: 500, digest: 36, source: 65_535, schema: 1_048_575, profile: 16_777_215 },
  inputTag: { key: 255, value: 500 },
  inputsAtOnce: 1_000,
  searchedExperiments: 10_000,
} as const;

/** @throws trackingValueInvalid naming the entry, as in `metrics[3].name`. */
export function assertBatch(batch: RunBatch): void {
  batch.parameters.forEach((parameter, index) => {
    assertKey(`params[${index}].key`, parameter.key);
    assertText(`params[${index}].value`, parameter.value, limits.parameterValue);
  });
  assertDistinct(batch.parameters);
  batch.metrics.forEach((metric, index) => {
    assertMetric(`metrics[${index}]`, metric);
  });
  assertRunTags(batch.tags);
}

export function assertRunTags(tags: readonly KeyValue[]): void {
  tags.forEach((tag, index) => {
    assertKey(`tags[${index}].key`, tag.key);
    assertText(`tags[${index}].value`, tag.value, limits.tagValue);
  });
}

export function assertExperimentTags(tags: readonly KeyValue[]): void {
  tags.forEach((tag, index) => {
    assertKey(`tags[${index}].key`, tag.key);
    assertText(`tags[${index}].value`, tag.value, limits.experimentTagValue);
  });
}

export function assertExperimentName(name: string): void {
  if (name.trim() === '') throw invalid('name', 'an experiment needs a name');
  assertText('name', name, limits.experimentName);
  // Databases would keep another character in its place, and two such names would be one.
  if (!name.isWellFormed()) throw invalid('name', 'it holds half a surrogate pair, which is no character');
}

export function assertRunName(name: string): void {
  if (name.trim() === '') throw invalid('run_name', 'it is empty');
  assertText('run_name', name, limits.runName);
}

export const assertUser = (user: string): void => assertText('user_id', user, limits.user);

export function assertInput(where: string, input: DatasetInput): void {
  const { dataset, inputTag } = limits;
  for (const field of ['name', 'digest', 'source'] as const) {
    if (input[field] === '') throw invalid(`${where}.dataset.${field}`, 'it is empty');
    assertText(`${where}.dataset.${field}`, input[field], dataset[field]);
  }
  for (const field of ['schema', 'profile'] as const)
    assertText(`${where}.dataset.${field}`, input[field] ?? '', dataset[field]);
  input.tags.forEach((tag, index) => {
    assertText(`${where}.tags[${index}].key`, tag.key, inputTag.key);
    assertText(`${where}.tags[${index}].value`, tag.value, inputTag.value);
  });
}

function assertMetric(where: string, metric: MetricValue): void {
  assertKey(`${where}.name`, metric.key);
  if (!Number.isSafeInteger(metric.timestamp) || metric.timestamp < 0)
    throw invalid(`${where}.timestamp`, 'it must be a whole number of milliseconds, not negative');
  if (!Number.isSafeInteger(metric.step)) throw invalid(`${where}.step`, 'it must be a whole number');
}

/** Databases limit the values of one statement; a request that asks for more is a mistake. */
export function assertCount(where: string, count: number, most: number): void {
  if (count > most) throw invalid(where, `a request has at most ${most} of them, not ${count}`);
}

/** For searches: what is no number is no experiment's id, and an unknown experiment has nothing in it. */
export function toExperimentNumbers(ids: readonly string[]): number[] {
  assertCount('experiment_ids', ids.length, limits.searchedExperiments);
  return ids.filter((id) => /^\d{1,15}$/.test(id)).map(Number);
}

const keyCharacters = /^[/\p{L}\p{M}\p{N}_.\- :]+$/u;

function assertKey(where: string, key: string): void {
  if (key.length > limits.key) throw invalid(where, `it is longer than ${limits.key} characters`);
  if (!keyCharacters.test(key))
    throw invalid(where, `'${key}' may hold letters, digits and / _ . - : and spaces, and not be empty`);
  const isPath = key.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!isPath || key.startsWith('..'))
    throw invalid(where, `'${key}' must be a plain relative name, without //, ./ or ../`);
}

export function assertText(where: string, text: string, limit: number): void {
  if (text.length > limit && [...text].length > limit)
    throw invalid(where, `it is longer than ${limit} characters`);
  // PostgreSQL keeps no NUL in a text.
  if (text.includes('\0')) throw invalid(where, 'it holds a NUL character');
}

function assertDistinct(parameters: readonly KeyValue[]): void {
  const seen = new Set<string>();
  for (const { key } of parameters) {
    if (seen.has(key)) throw invalid('params', `'${key}' is given twice`);
    seen.add(key);
  }
}

const invalid = (where: string, reason: string) => errors.trackingValueInvalid({ where, reason });
