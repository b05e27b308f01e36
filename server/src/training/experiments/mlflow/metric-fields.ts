import {
  type Fields,
  findInteger,
  findText,
  getDouble,
  getInteger,
  getText,
} from '../../../http/mlflow/fields.ts';
import type { LogEntry } from '../log-writer.ts';
import { assertModelMetric, type MeasuredMetric } from '../logged-models/rules.ts';
import type { MetricValue } from '../rules.ts';
import type { Experiments } from '../service.ts';

export const getMetric = (fields: Fields): MetricValue => ({
  key: getText(fields, 'key'),
  value: getDouble(fields, 'value'),
  timestamp: getInteger(fields, 'timestamp'),
  step: findInteger(fields, 'step') ?? 0,
});

/** What a run writes alongside its own metrics: those that name a logged model. Mostly none does. */
export function toModelMetrics(
  experiments: Experiments,
  runId: string,
  entries: readonly Fields[],
  workspace: string,
): LogEntry['alongside'] {
  const metrics = entries
    .filter((fields) => findText(fields, 'model_id'))
    .map((fields) => getModelMetric(runId, fields));
  if (metrics.length === 0) return undefined;
  metrics.forEach((metric, index) => {
    assertModelMetric(`metrics[${index}]`, metric);
  });
  return (tx) => experiments.saveModelMetrics(tx, metrics, workspace);
}

const getModelMetric = (runId: string, fields: Fields): MeasuredMetric => ({
  ...getMetric(fields),
  runId,
  modelId: getText(fields, 'model_id'),
  datasetName: findText(fields, 'dataset_name') ?? '',
  datasetDigest: findText(fields, 'dataset_digest') ?? '',
});
