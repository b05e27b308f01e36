import { posix } from 'node:path';
import type { RunStatus } from '@tidemill/contract';
import {
  type Fields,
  findEnum,
  findInteger,
  findText,
  getTag,
  getText,
  invalid,
  listFields,
  listTexts,
  shorten,
  toFields,
  toPageSize,
} from '../../../http/mlflow/fields.ts';
import { replyWithList } from '../../../http/mlflow/long-list.ts';
import { type Operation, read, write } from '../../../http/mlflow/operations.ts';
import { limits } from '../limits.ts';
import { type DatasetInput, type RunRecord, runArtifactUri } from '../rules.ts';
import type { Experiments } from '../service.ts';
import { getExperimentId, toView } from './experiment-operations.ts';
import { getMetric, toModelMetrics } from './metric-fields.ts';
import { toMlflowFiles, toMlflowRun, toMlflowRunInfo } from './replies.ts';
import { batchOf, getRunId, metricOf, newRunOf, runOf } from './resources.ts';

const statuses: readonly RunStatus[] = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'];
const mostRuns = 50_000;
const usualRuns = 1_000;
/** A dataset's profile alone may have 16 MiB. */
const inputsBodyLimit = 64 * 1024 * 1024;

export const runOperations = (experiments: Experiments): Operation[] => [
  ...lifeOperations(experiments),
  ...logOperations(experiments),
  ...readOperations(experiments),
];

const lifeOperations = (experiments: Experiments): Operation[] => [
  write(
    'runs/create',
    async (fields, caller) => {
      const run = await experiments.startRun(
        {
          experimentId: getExperimentId(fields),
          name: findText(fields, 'run_name'),
          user: findText(fields, 'user_id'),
          tags: listFields(fields, 'tags').map(getRunTag),
          startedAt: findInteger(fields, 'start_time'),
        },
        caller,
      );
      return { run: toMlflowRun(run) };
    },
    { resources: newRunOf, byJobs: true },
  ),

  write(
    'runs/update',
    async (fields, caller) => {
      const run = await experiments.changeRun(
        {
          id: getRunId(fields),
          status: findEnum(fields, 'status', statuses),
          endedAt: findInteger(fields, 'end_time'),
          name: findText(fields, 'run_name') || undefined,
        },
        caller,
      );
      return { run_info: toMlflowRunInfo(run) };
    },
    { resources: runOf, byJobs: true },
  ),

  write(
    'runs/delete',
    async (fields, caller) => {
      await experiments.deleteRun(getRunId(fields), caller);
      return {};
    },
    { resources: runOf, byJobs: true },
  ),

  write(
    'runs/restore',
    async (fields, caller) => {
      await experiments.restoreRun(getRunId(fields), caller);
      return {};
    },
    { resources: runOf, byJobs: true },
  ),
];

const logOperations = (experiments: Experiments): Operation[] => [
  write(
    'runs/log-metric',
    async (fields, caller) => {
      const id = getRunId(fields);
      const batch = { metrics: [getMetric(fields)], parameters: [], tags: [] };
      const { workspace } = caller;
      await experiments.log(id, batch, workspace, toModelMetrics(experiments, id, [fields], workspace));
      return {};
    },
    { resources: metricOf, byJobs: true },
  ),

  write(
    'runs/log-parameter',
    async (fields, caller) => {
      const batch = { parameters: [getParameter(fields)], metrics: [], tags: [] };
      await experiments.log(getRunId(fields), batch, caller.workspace);
      return {};
    },
    { resources: runOf, byJobs: true },
  ),

  write(
    'runs/log-batch',
    async (fields, caller) => {
      const id = getRunId(fields);
      const metrics = listFields(fields, 'metrics');
      const batch = {
        metrics: metrics.map(getMetric),
        parameters: listFields(fields, 'params').map(getParameter),
        tags: listFields(fields, 'tags').map(getRunTag),
      };
      assertBatchSize(batch.metrics.length, batch.parameters.length, batch.tags.length);
      const { workspace } = caller;
      await experiments.log(id, batch, workspace, toModelMetrics(experiments, id, metrics, workspace));
      return {};
    },
    { resources: batchOf, byJobs: true },
  ),

  write(
    'runs/set-tag',
    async (fields, caller) => {
      const batch = { tags: [getRunTag(fields)], metrics: [], parameters: [] };
      await experiments.log(getRunId(fields), batch, caller.workspace);
      return {};
    },
    { resources: runOf, byJobs: true },
  ),

  write(
    'runs/delete-tag',
    async (fields, caller) => {
      await experiments.deleteTag(getRunId(fields), getText(fields, 'key'), caller.workspace);
      return {};
    },
    { resources: runOf, byJobs: true },
  ),

  write(
    'runs/log-inputs',
    async (fields, caller, host) => {
      await experiments.logInputs(
        getRunId(fields),
        listFields(fields, 'datasets').map(getInput),
        caller.workspace,
        {
          models: listFields(fields, 'models').map((model) => ({ modelId: getText(model, 'model_id') })),
          ownHost: host,
        },
      );
      return {};
    },
    { bodyLimit: inputsBodyLimit, resources: runOf, byJobs: true },
  ),
];

const readOperations = (experiments: Experiments): Operation[] => [
  read('GET', 'runs/get', async (fields, caller) => ({
    run: toMlflowRun(await experiments.getRecord(getRunId(fields), caller.workspace)),
  })),

  read('POST', 'runs/search', async (fields, caller) => {
    const { portions, nextCursor } = await experiments.searchRecords(
      {
        experimentIds: listTexts(fields, 'experiment_ids'),
        filter: findText(fields, 'filter'),
        orderBy: listTexts(fields, 'order_by'),
        view: toView(fields, 'run_view_type'),
        limit: toPageSize(findInteger(fields, 'max_results') ?? usualRuns, mostRuns),
        cursor: findText(fields, 'page_token') || undefined,
      },
      caller.workspace,
    );
    return replyWithList('runs', toMlflowRuns(portions), { next_page_token: nextCursor });
  }),

  read('GET', 'artifacts/list', async (fields, caller) => {
    const id = getRunId(fields);
    const path = findText(fields, 'path');
    const run = await experiments.getRecord(id, caller.workspace);
    const { files } = await experiments.listArtifacts({ id, path }, caller);
    return { root_uri: runArtifactUri(run), ...toMlflowFiles(files, (own) => posix.normalize(own)) };
  }),
];

async function* toMlflowRuns(portions: AsyncGenerator<RunRecord[], undefined>) {
  for await (const records of portions) yield records.map(toMlflowRun);
  return undefined;
}

const getParameter = (fields: Fields) => shorten(getTag(fields), limits.parameterValue);
const getRunTag = (fields: Fields) => shorten(getTag(fields), limits.tagValue);

function getInput(fields: Fields): DatasetInput {
  const dataset = toFields(fields.dataset);
  return {
    name: getText(dataset, 'name'),
    digest: getText(dataset, 'digest'),
    sourceType: getText(dataset, 'source_type'),
    source: getText(dataset, 'source'),
    schema: findText(dataset, 'schema') ?? null,
    profile: findText(dataset, 'profile') ?? null,
    tags: listFields(fields, 'tags').map(getTag),
  };
}

function assertBatchSize(metrics: number, parameters: number, tags: number): void {
  const found = [
    ['metrics', metrics, 1_000],
    ['params', parameters, 100],
    ['tags', tags, 100],
    ['metrics, params and tags', metrics + parameters + tags, 1_000],
  ] as const;
  for (const [what, count, most] of found) {
    if (count > most) throw invalid(what, `a batch has at most ${most} of them, not ${count}`);
  }
}
