/** Our records in MLflow's words. Unset fields and empty lists are left out, as its own server does. */
import type { Experiment } from '@tidemill/contract';
import type { KeyValue } from '../../../base/key-value.ts';
import { compact } from '../../../http/mlflow/compact.ts';
import type { ListedArtifact } from '../artifact-place.ts';
import {
  type DatasetInput,
  type LocatedRun,
  type MetricValue,
  type RunRecord,
  runArtifactUri,
} from '../rules.ts';

export const toMlflowExperiment = (experiment: Experiment) =>
  compact({
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: experiment.artifactLocation,
    lifecycle_stage: experiment.lifecycle,
    last_update_time: experiment.updatedAt,
    creation_time: experiment.createdAt,
    tags: Object.entries(experiment.tags).map(([key, value]) => ({ key, value })),
  });

export const toMlflowRun = (run: RunRecord) => ({
  info: toMlflowRunInfo(run),
  data: compact({
    metrics: run.metrics.map(toMlflowMetric),
    params: run.parameters.map(toTag),
    tags: run.tags.map(toTag),
  }),
  inputs: compact({
    dataset_inputs: run.inputs.map(toMlflowInput),
    model_inputs: run.modelInputs.map(({ modelId }) => ({ model_id: modelId })),
  }),
  ...(run.modelOutputs.length > 0 && {
    outputs: { model_outputs: run.modelOutputs.map(({ modelId, step }) => ({ model_id: modelId, step })) },
  }),
});

export const toMlflowRunInfo = (run: LocatedRun) =>
  compact({
    run_id: run.id,
    // Old clients know this name only.
    run_uuid: run.id,
    run_name: run.name,
    experiment_id: run.experimentId,
    user_id: run.user,
    status: run.status,
    start_time: run.startedAt,
    end_time: run.endedAt,
    artifact_uri: runArtifactUri(run),
    lifecycle_stage: run.lifecycle,
  });

export const toMlflowMetric = ({ key, value, timestamp, step }: MetricValue) => ({
  key,
  value: toMlflowDouble(value),
  timestamp,
  step,
});

/** JSON has neither: NaN goes as text, an infinity as the largest number. */
function toMlflowDouble(value: number): number | 'NaN' {
  if (Number.isNaN(value)) return 'NaN';
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}

const toTag = ({ key, value }: KeyValue) => ({ key, value });

const toMlflowInput = ({ tags, name, digest, sourceType, source, schema, profile }: DatasetInput) =>
  compact({
    tags: tags.map(toTag),
    dataset: compact({ name, digest, source_type: sourceType, source, schema, profile }),
  });

/** The tracking API names files by their path in the run, the artifact proxy by their name alone. */
export const toMlflowFiles = (files: readonly ListedArtifact[], toPath: (path: string) => string) =>
  compact({
    files: files.map(({ path, directory, size }) =>
      compact({ path: toPath(path), is_dir: directory, file_size: size }),
    ),
  });
