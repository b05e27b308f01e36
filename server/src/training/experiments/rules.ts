import type { Experiment, Run, RunStatus } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { maskTokens } from '../../base/token-mask.ts';
import { runFolder } from './artifact-location.ts';

export interface MetricValue {
  readonly key: string;
  /** May be NaN or infinite. */
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

export interface DatasetInput {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema: string | null;
  readonly profile: string | null;
  readonly tags: readonly KeyValue[];
}

export interface RecordedInput extends DatasetInput {
  /** `prices@3` where the source names a dataset version of ours. */
  readonly reference: string | null;
}

/** A run without what was logged in it: enough to decide whether it may be written to. */
export interface RunState {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly lifecycle: 'active' | 'deleted';
  readonly user: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export interface LocatedRun extends RunState {
  /** Its experiment's: `mlflow-artifacts:/3`, `file:///mnt/artifacts/3`. */
  readonly artifactLocation: string;
}

/** A run in full: the contract's `Run` and MLflow's both come from it. */
export interface RunRecord extends LocatedRun {
  readonly parameters: readonly KeyValue[];
  /** The latest point of each series. */
  readonly metrics: readonly MetricValue[];
  readonly tags: readonly KeyValue[];
  readonly inputs: readonly RecordedInput[];
  readonly modelInputs: readonly ModelInput[];
  readonly modelOutputs: readonly ModelOutput[];
}

/** A logged model that a run read. */
export interface ModelInput {
  readonly modelId: string;
  readonly name: string;
}

/** A logged model that a run made, at a step of its training. */
export interface ModelOutput extends ModelInput {
  readonly step: number;
}

export interface RunBatch {
  readonly parameters: readonly KeyValue[];
  readonly metrics: readonly MetricValue[];
  readonly tags: readonly KeyValue[];
}

export interface ArtifactFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

export type ViewType = 'active' | 'deleted' | 'all';

export const defaultExperiment = { id: '0', name: 'Default' } as const;
export const nameTag = 'mlflow.runName';
export const contextTag = 'mlflow.data.context';

export const runArtifactUri = (run: Pick<LocatedRun, 'id' | 'artifactLocation'>): string =>
  `${run.artifactLocation}/${runFolder(run.id)}`;

const toTexts = (list: readonly KeyValue[]): Record<string, string> =>
  Object.fromEntries(list.map(({ key, value }) => [key, value]));

export function toRun(record: RunRecord): Run {
  const { parameters, metrics, tags, inputs, modelInputs, modelOutputs, artifactLocation, ...rest } = record;
  return {
    ...rest,
    artifactUri: runArtifactUri({ id: record.id, artifactLocation }),
    parameters: toTexts(parameters),
    metrics: Object.fromEntries(metrics.map(({ key, value }) => [key, finiteOrNull(value)])),
    tags: toTexts(tags),
    inputs: inputs.map(toRunInput),
    modelInputs: [...modelInputs],
    modelOutputs: [...modelOutputs],
  };
}

export const toRunInput = ({ name, digest, source, tags, reference }: RecordedInput) => ({
  name,
  digest,
  source,
  dataset: reference,
  context: contextOf(tags),
});

export const contextOf = (tags: readonly KeyValue[]): string =>
  tags.find(({ key }) => key === contextTag)?.value ?? '';

/** JSON has no NaN and no infinity. */
export const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

export const isEnd = (status: RunStatus): boolean => status !== 'RUNNING' && status !== 'SCHEDULED';

/** Whether `a` is the later point of one series: by step, then time, then value (NaN below every number). */
export function isLater(a: MetricValue, b: MetricValue): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  return Number.isNaN(b.value) ? !Number.isNaN(a.value) : a.value > b.value;
}

/** The latest point of each series, in the order of their names: everybody locks series in that order, so nobody deadlocks. */
export function latestBySeries<M extends MetricValue>(
  metrics: readonly M[],
  nameOf: (metric: M) => string,
): (readonly [name: string, latest: M])[] {
  const latest = new Map<string, M>();
  for (const metric of metrics) {
    const name = nameOf(metric);
    const found = latest.get(name);
    if (!found || isLater(metric, found)) latest.set(name, metric);
  }
  return [...latest].sort(([a], [b]) => (a < b ? -1 : 1));
}

export interface Extremes {
  readonly minimum: number;
  readonly maximum: number;
}

/** The lowest and highest number of each series; one that is all NaN has none. */
export function extremesBySeries<M extends MetricValue>(
  metrics: readonly M[],
  nameOf: (metric: M) => string,
): Map<string, Extremes> {
  const extremes = new Map<string, Extremes>();
  for (const metric of metrics) {
    if (Number.isNaN(metric.value)) continue;
    const { minimum, maximum } = extremes.get(nameOf(metric)) ?? { minimum: Infinity, maximum: -Infinity };
    extremes.set(nameOf(metric), {
      minimum: Math.min(minimum, metric.value),
      maximum: Math.max(maximum, metric.value),
    });
  }
  return extremes;
}

/** Scripts write down what they were started with; the secret of a token is nobody's parameter. */
export const maskValues = (list: readonly KeyValue[]): KeyValue[] =>
  list.map(({ key, value }) => ({ key, value: maskTokens(value) }));

/** One entry per key: the last one given. */
export const lastByKey = <T extends { readonly key: string }>(list: readonly T[]): T[] => [
  ...new Map(list.map((item) => [item.key, item])).values(),
];

/** @throws experimentNotFound for anything that is not a number, which no experiment can have as its id. */
export function toExperimentNumber(id: string): number {
  if (!/^\d{1,15}$/.test(id)) throw errors.experimentNotFound({ experiment: id.slice(0, 80) });
  return Number(id);
}

export function assertActive(run: Pick<RunRecord, 'id' | 'lifecycle'>): void {
  if (run.lifecycle === 'active') return;
  throw errors.runNotActive({ run: run.id, lifecycle: run.lifecycle, needed: 'active' });
}

export function assertExperimentActive(experiment: Pick<Experiment, 'name' | 'lifecycle'>): void {
  if (experiment.lifecycle === 'deleted') throw errors.experimentNotActive({ experiment: experiment.name });
}

/** Pages of a search are counted, as its order may be anything. */
export const isOffset = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
