import type { LoggedModelStatus } from '@tidemill/contract';
import type { Caller } from '../../../base/caller.ts';
import { errors } from '../../../base/errors.ts';
import { compact } from '../../../http/mlflow/compact.ts';
import {
  type Fields,
  findEnum,
  findInteger,
  findText,
  getTag,
  getText,
  listFields,
  listTexts,
  toPageSize,
} from '../../../http/mlflow/fields.ts';
import { type Operation, read, write } from '../../../http/mlflow/operations.ts';
import {
  isLoggedModelId,
  type LoggedModelRecord,
  type MeasuredMetric,
  type ModelDataset,
  modelArtifactUri,
  parseRegistrations,
} from '../logged-models/rules.ts';
import type { ModelOrder } from '../logged-models/search-verbs.ts';
import type { Experiments } from '../service.ts';
import { getExperimentId } from './experiment-operations.ts';
import { toMlflowFiles, toMlflowMetric } from './replies.ts';
import { getRunId, modelOf, newModelOf } from './resources.ts';

const usualModels = 50;
const mostModels = 50_000;
const largestPage = 1_000;

const statusWords = ['LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED'] as const;
const statuses: Readonly<Record<(typeof statusWords)[number], LoggedModelStatus>> = {
  LOGGED_MODEL_PENDING: 'PENDING',
  LOGGED_MODEL_READY: 'READY',
  LOGGED_MODEL_UPLOAD_FAILED: 'FAILED',
};

export const loggedModelOperations = (experiments: Experiments): Operation[] => [
  write(
    'logged-models',
    async (fields, caller) => {
      const model = await experiments.startLoggedModel(
        {
          experimentId: getExperimentId(fields),
          name: findText(fields, 'name'),
          modelType: findText(fields, 'model_type') || undefined,
          sourceRunId: findText(fields, 'source_run_id')
            ? getRunId({ run_id: fields.source_run_id })
            : undefined,
          parameters: listFields(fields, 'params').map(getTag),
          tags: listFields(fields, 'tags').map(getTag),
        },
        caller,
      );
      return { model: toMlflowLoggedModel(model) };
    },
    { resources: newModelOf, byJobs: true },
  ),

  read('GET', 'logged-models/:model_id', async (fields, caller) => {
    const isDeletedToo = findText(fields, 'allow_deleted')?.toLowerCase() === 'true';
    const model = await getShown(experiments, getModelId(fields), caller, isDeletedToo);
    return { model: toMlflowLoggedModel(model) };
  }),

  write(
    'logged-models/:model_id',
    async (fields, caller) => {
      const status = findEnum(fields, 'status', statusWords);
      if (!status) throw errors.requestFieldMissing({ field: 'status' });
      const model = await experiments.finalizeLoggedModel(getModelId(fields), statuses[status], caller);
      return { model: toMlflowLoggedModel(model) };
    },
    { method: 'PATCH', resources: modelOf, byJobs: true },
  ),

  write(
    'logged-models/:model_id',
    (fields, caller) => experiments.deleteLoggedModel({ id: getModelId(fields) }, caller),
    { method: 'DELETE', resources: modelOf, byJobs: true },
  ),

  write(
    'logged-models/:model_id/params',
    async (fields, caller) => {
      await experiments.logModelParameters(
        getModelId(fields),
        listFields(fields, 'params').map(getTag),
        caller,
      );
      return {};
    },
    { resources: modelOf, byJobs: true },
  ),

  write(
    'logged-models/:model_id/tags',
    async (fields, caller) => {
      const tags = listFields(fields, 'tags').map(getTag);
      return { model: toMlflowLoggedModel(await experiments.setModelTags(getModelId(fields), tags, caller)) };
    },
    { method: 'PATCH', resources: modelOf, byJobs: true },
  ),

  // A key may hold slashes, and the client does not escape them.
  write(
    'logged-models/:model_id/tags/*',
    async (fields, caller) => {
      await experiments.deleteModelTag(
        getModelId(fields),
        getText({ tag_key: fields['*'] }, 'tag_key'),
        caller,
      );
      return {};
    },
    { method: 'DELETE', resources: modelOf, byJobs: true },
  ),

  read('POST', 'logged-models/search', async (fields, caller) => {
    const { items, nextCursor } = await experiments.searchModelRecords(
      {
        experimentIds: listTexts(fields, 'experiment_ids'),
        filter: findText(fields, 'filter'),
        datasets: listFields(fields, 'datasets').map(getDataset),
        orderBy: listFields(fields, 'order_by').map(getOrder),
        limit: toLimit(findInteger(fields, 'max_results')),
        cursor: findText(fields, 'page_token') || undefined,
      },
      caller.workspace,
    );
    return compact({ models: items.map(toMlflowLoggedModel), next_page_token: nextCursor });
  }),

  read('GET', 'logged-models/:model_id/artifacts/directories', async (fields, caller) => {
    const model = await getShown(experiments, getModelId(fields), caller);
    const path = findText(fields, 'artifact_directory_path');
    const { files } = await experiments.listArtifacts({ id: model.id, path }, caller);
    return { root_uri: modelArtifactUri(model), ...toMlflowFiles(files, (own) => own) };
  }),
];

const getDataset = (fields: Fields): ModelDataset => ({
  name: getText(fields, 'dataset_name'),
  digest: findText(fields, 'dataset_digest') || null,
});

/** An order is an object here, a line of the grammar to us; a metric's key may hold anything. */
function getOrder(fields: Fields): ModelOrder {
  const name = getText(fields, 'field_name');
  const dot = name.indexOf('.');
  const isBare = dot > 0 && !/^[`"]/.test(name.slice(dot + 1));
  const field = isBare ? `${name.slice(0, dot)}.\`${name.slice(dot + 1)}\`` : name;
  const direction = fields.ascending === false || fields.ascending === 'false' ? 'DESC' : 'ASC';
  const dataset = findText(fields, 'dataset_name') ? getDataset(fields) : undefined;
  return { by: `${field} ${direction}`, dataset };
}

/** The client asks for all it wants and follows the pages, so a page may be smaller. */
function toLimit(asked: number | undefined): number {
  return Math.min(toPageSize(asked || usualModels, mostModels), largestPage);
}

function getModelId(fields: Fields): string {
  const id = getText(fields, 'model_id');
  if (!isLoggedModelId(id)) throw errors.loggedModelNotFound({ model: id.slice(0, 80) });
  return id;
}

/** To MLflow's clients a deleted model is there only when they say so. @throws loggedModelNotFound */
async function getShown(
  experiments: Experiments,
  id: string,
  caller: Caller,
  isDeletedToo = false,
): Promise<LoggedModelRecord> {
  const model = await experiments.getModelRecord(id, caller.workspace);
  if (model.lifecycle === 'active' || isDeletedToo) return model;
  throw errors.loggedModelNotFound({ model: id });
}

export const toMlflowLoggedModel = (model: LoggedModelRecord) => ({
  info: compact({
    model_id: model.id,
    experiment_id: model.experimentId,
    name: model.name,
    creation_timestamp_ms: model.createdAt,
    last_updated_timestamp_ms: model.updatedAt,
    artifact_uri: modelArtifactUri(model),
    status: statusWords.find((word) => statuses[word] === model.status),
    model_type: model.modelType,
    source_run_id: model.sourceRunId,
    tags: model.tags,
    registrations: parseRegistrations(model.tags),
  }),
  data: compact({ params: model.parameters, metrics: model.metrics.map(toMlflowModelMetric) }),
});

const toMlflowModelMetric = ({ modelId, runId, datasetName, datasetDigest, ...metric }: MeasuredMetric) =>
  compact({
    ...toMlflowMetric(metric),
    dataset_name: datasetName || undefined,
    dataset_digest: datasetDigest || undefined,
    model_id: modelId,
    run_id: runId,
  });
