import { errors } from '../../../base/errors.ts';
import { compact } from '../../../http/mlflow/compact.ts';
import {
  type Fields,
  findEnum,
  findText,
  getInteger,
  getTag,
  getText,
  invalid,
  listFields,
  listTexts,
  toPageSize,
} from '../../../http/mlflow/fields.ts';
import { type Operation, read, write } from '../../../http/mlflow/operations.ts';
import type { ViewType } from '../rules.ts';
import type { Experiments } from '../service.ts';
import { toMlflowExperiment } from './replies.ts';

const mostResults = 50_000;
const mostDatasetExperiments = 20;
const views = ['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL'] as const;
const viewTypes: Readonly<Record<(typeof views)[number], ViewType>> = {
  ACTIVE_ONLY: 'active',
  DELETED_ONLY: 'deleted',
  ALL: 'all',
};

export const toView = (fields: Fields, name: string): ViewType =>
  viewTypes[findEnum(fields, name, views) ?? 'ACTIVE_ONLY'];

export const experimentOperations = (experiments: Experiments): Operation[] => [
  write('experiments/create', async (fields, caller) => {
    const tags = listFields(fields, 'tags').map(getTag);
    const created = await experiments.createExperiment(
      { name: getText(fields, 'name'), tags, artifactLocation: findText(fields, 'artifact_location') },
      caller,
    );
    return { experiment_id: created.id };
  }),

  read('GET', 'experiments/get', async (fields, caller) => {
    const found = await experiments.getExperiment(getExperimentId(fields), caller.workspace);
    return { experiment: toMlflowExperiment(found) };
  }),

  read('GET', 'experiments/get-by-name', async (fields, caller) => {
    const name = getText(fields, 'experiment_name');
    const found = await experiments.findExperimentByName(name, caller.workspace);
    if (!found) throw errors.experimentNotFound({ experiment: name });
    return { experiment: toMlflowExperiment(found) };
  }),

  read(['GET', 'POST'], 'experiments/search', async (fields, caller) => {
    const { items, nextCursor } = await experiments.searchExperiments(
      {
        filter: findText(fields, 'filter'),
        orderBy: listTexts(fields, 'order_by'),
        view: toView(fields, 'view_type'),
        limit: toPageSize(getInteger(fields, 'max_results'), mostResults),
        cursor: findText(fields, 'page_token') || undefined,
      },
      caller.workspace,
    );
    return compact({ experiments: items.map(toMlflowExperiment), next_page_token: nextCursor });
  }),

  read('POST', 'experiments/search-datasets', async (fields, caller) => {
    const ids = listTexts(fields, 'experiment_ids');
    if (ids.length < 1 || ids.length > mostDatasetExperiments)
      throw invalid('experiment_ids', `it must name from 1 to ${mostDatasetExperiments} experiments`);
    const experimentIds = ids.map((id) => getExperimentId({ experiment_id: id }));
    const found = await experiments.listInputDatasets(experimentIds, caller.workspace);
    const summaries = found.map(({ experimentId, ...dataset }) =>
      compact({ experiment_id: experimentId, ...dataset }),
    );
    return compact({ dataset_summaries: summaries });
  }),

  write('experiments/delete', async (fields, caller) => {
    await experiments.deleteExperiment(getExperimentId(fields), caller);
    return {};
  }),

  write('experiments/restore', async (fields, caller) => {
    await experiments.restoreExperiment(getExperimentId(fields), caller);
    return {};
  }),

  write('experiments/update', async (fields, caller) => {
    await experiments.renameExperiment(getExperimentId(fields), getText(fields, 'new_name'), caller);
    return {};
  }),

  write('experiments/set-experiment-tag', async (fields, caller) => {
    await experiments.setExperimentTag(getExperimentId(fields), getTag(fields), caller);
    return {};
  }),

  write('experiments/delete-experiment-tag', async (fields, caller) => {
    await experiments.deleteExperimentTag(getExperimentId(fields), getText(fields, 'key'), caller);
    return {};
  }),
];

export function getExperimentId(fields: Fields): string {
  const id = getText(fields, 'experiment_id');
  if (!/^\d+$/.test(id)) throw invalid('experiment_id', `'${id.slice(0, 40)}' is not a whole number`);
  return id;
}
