import { compact } from '../../../http/mlflow/compact.ts';
import {
  type Fields,
  findInteger,
  findText,
  getText,
  invalid,
  listTexts,
  toPageSize,
} from '../../../http/mlflow/fields.ts';
import { type Operation, read } from '../../../http/mlflow/operations.ts';
import type { MetricValue } from '../rules.ts';
import type { Experiments } from '../service.ts';
import { fewestPoints } from '../thin.ts';
import { toMlflowMetric } from './replies.ts';
import { getRunId } from './resources.ts';

const mostPoints = 25_000;
const mostRuns = 100;
const mostSampled = 2_500;
const usualSampled = 320;

export const historyOperations = (experiments: Experiments): Operation[] => [
  read('GET', 'metrics/get-history', async (fields, caller) => {
    const size = findInteger(fields, 'max_results');
    const { items, nextCursor } = await experiments.listPoints(
      {
        id: getRunId(fields),
        key: getText(fields, 'metric_key'),
        cursor: findText(fields, 'page_token') || undefined,
        limit: size === undefined ? undefined : toPageSize(size, mostPoints),
      },
      caller.workspace,
    );
    return compact({ metrics: items.map(toMlflowMetric), next_page_token: nextCursor });
  }),

  read('GET', 'metrics/get-history-bulk', async (fields, caller) => {
    const limit = toPageSize(findInteger(fields, 'max_results') ?? mostPoints, mostPoints);
    const points = await experiments.listPointsOfRuns(
      { runIds: getRunIds(fields, 'run_id'), key: getText(fields, 'metric_key'), limit },
      caller.workspace,
    );
    return compact({ metrics: points.map(toPointOfRun) });
  }),

  // The reference picks steps evenly; this picks points so that no peak is lost. Both keep each run's ends.
  read('GET', 'metrics/get-history-bulk-interval', async (fields, caller) => {
    const most = toPageSize(findInteger(fields, 'max_results') ?? usualSampled, mostSampled);
    const key = getText(fields, 'metric_key');
    const sample = experiments.sample(
      {
        runIds: getRunIds(fields, 'run_ids'),
        keys: [key],
        maxPoints: Math.max(most, fewestPoints),
        ...getStepRange(fields),
      },
      caller.workspace,
    );
    const metrics: Record<string, unknown>[] = [];
    for await (const { runId, points } of sample)
      for (const point of points) metrics.push(toPointOfRun({ ...point, key, runId }));
    return compact({ metrics });
  }),
];

function getRunIds(fields: Fields, name: string): string[] {
  const ids = listTexts(fields, name).map((id) => getRunId({ run_id: id }));
  if (ids.length >= 1 && ids.length <= mostRuns) return ids;
  throw invalid(name, `it must name from 1 to ${mostRuns} runs, not ${ids.length}`);
}

function getStepRange(fields: Fields): { fromStep?: number; toStep?: number } {
  const fromStep = findInteger(fields, 'start_step');
  const toStep = findInteger(fields, 'end_step');
  if (fromStep === undefined && toStep === undefined) return {};
  if (fromStep === undefined || toStep === undefined)
    throw invalid('start_step', 'it and end_step must both be given, or neither');
  if (fromStep > toStep) throw invalid('end_step', `it must not be less than start_step ${fromStep}`);
  return { fromStep, toStep };
}

const toPointOfRun = ({ runId, ...point }: MetricValue & { readonly runId: string }) => ({
  ...toMlflowMetric(point),
  run_id: runId,
});
