import type { LoggedModel, LoggedModelMetric, LoggedModelStatus } from '@tidemill/contract';
import { errors } from '../../../base/errors.ts';
import type { KeyValue } from '../../../base/key-value.ts';
import { modelFolder } from '../artifact-location.ts';
import { assertCount, assertText, limits as runLimits } from '../limits.ts';
import { finiteOrNull, type MetricValue } from '../rules.ts';

/** A point that one run measured of a model, perhaps on a dataset that it named. */
export interface ModelMetric extends MetricValue {
  readonly modelId: string;
  /** '' where none was named. */
  readonly datasetName: string;
  readonly datasetDigest: string;
}

export interface MeasuredMetric extends ModelMetric {
  readonly runId: string;
}

/** Data on which a metric was measured; any digest where none is given. */
export interface ModelDataset {
  readonly name: string;
  readonly digest: string | null;
}

/** A model version made of a logged model. */
export interface Registration {
  readonly name: string;
  readonly version: string;
}

/** Enough to decide who may see it. */
export interface LoggedModelState {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly status: LoggedModelStatus;
  readonly lifecycle: 'active' | 'deleted';
}

/** A logged model in full: the contract's and MLflow's both come from it. */
export interface LoggedModelRecord extends LoggedModelState {
  /** Its experiment's. */
  readonly artifactLocation: string;
  readonly modelType: string | null;
  readonly sourceRunId: string | null;
  readonly parameters: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  /** The latest point of each series. */
  readonly metrics: readonly MeasuredMetric[];
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Where MLflow's client reads, and itself writes, what a model was registered as. */
export const registrationsTag = 'mlflow.modelVersions';

const { dataset } = runLimits;
const limits = {
  name: 500,
  modelType: 500,
  key: 255,
  value: 65_535,
  tagValue: 100_000,
  atOnce: 1_000,
} as const;

export const isLoggedModelId = (text: string): boolean => /^m-[0-9a-f]{32}$/.test(text);

export const modelArtifactUri = (model: Pick<LoggedModelRecord, 'id' | 'artifactLocation'>): string =>
  `${model.artifactLocation}/${modelFolder(model.id)}`;

/** @throws trackingValueInvalid */
export function assertModelName(name: string): void {
  if (name.trim() === '' || /[/:.%"']/.test(name))
    throw invalid('name', `'${name.slice(0, 100)}' must not be empty nor hold / : . % " or '`);
  assertText('name', name, limits.name);
}

export const assertModelType = (type: string): void => assertText('model_type', type, limits.modelType);

export function assertModelParameters(parameters: readonly KeyValue[]): void {
  assertCount('params', parameters.length, limits.atOnce);
  const values = new Map<string, string>();
  parameters.forEach(({ key, value }, index) => {
    assertText(`params[${index}].key`, key, limits.key);
    assertText(`params[${index}].value`, value, limits.value);
    if ((values.get(key) ?? value) !== value) throw invalid('params', `'${key}' is given twice`);
    values.set(key, value);
  });
}

export function assertModelTags(tags: readonly KeyValue[]): void {
  assertCount('tags', tags.length, limits.atOnce);
  tags.forEach(({ key, value }, index) => {
    assertText(`tags[${index}].key`, key, limits.key);
    assertText(`tags[${index}].value`, value, limits.tagValue);
  });
}

/** Its key, value and time are judged as the run's own metric. */
export function assertModelMetric(where: string, metric: ModelMetric): void {
  if (!isLoggedModelId(metric.modelId))
    throw invalid(`${where}.model_id`, `'${metric.modelId.slice(0, 80)}' is not a logged model's id`);
  assertText(`${where}.dataset_name`, metric.datasetName, dataset.name);
  assertText(`${where}.dataset_digest`, metric.datasetDigest, dataset.digest);
}

/** What the tag says, each version once: client and server both write it. What cannot be read says nothing. */
export function parseRegistrations(tags: readonly KeyValue[]): Registration[] {
  const text = tags.find(({ key }) => key === registrationsTag)?.value ?? '[]';
  const found = new Map<string, Registration>();
  for (const { name, version } of parseList(text)) {
    if (typeof name !== 'string' || (typeof version !== 'string' && typeof version !== 'number')) continue;
    found.set(JSON.stringify([name, String(version)]), { name, version: String(version) });
  }
  return [...found.values()];
}

function parseList(text: string): readonly { name?: unknown; version?: unknown }[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : [];
  } catch {
    return [];
  }
}

export function toLoggedModel(record: LoggedModelRecord): LoggedModel {
  const { parameters, tags, metrics, artifactLocation: _location, ...rest } = record;
  return {
    ...rest,
    artifactUri: modelArtifactUri(record),
    parameters: toTexts(parameters),
    tags: toTexts(tags),
    metrics: metrics.map(toLoggedModelMetric),
    registrations: parseRegistrations(tags),
  };
}

export const toLoggedModelMetric = (metric: MeasuredMetric): LoggedModelMetric => ({
  key: metric.key,
  value: finiteOrNull(metric.value),
  timestamp: metric.timestamp,
  step: metric.step,
  runId: metric.runId,
  datasetName: metric.datasetName || null,
  datasetDigest: metric.datasetDigest || null,
});

const toTexts = (list: readonly KeyValue[]): Record<string, string> =>
  Object.fromEntries(list.map(({ key, value }) => [key, value]));

const invalid = (where: string, reason: string) => errors.trackingValueInvalid({ where, reason });
