/** What of logged models can be searched, by every name it goes by in MLflow's grammar. */
import type { Searchable } from '../../../base/search/grammar.ts';

export const searchableLoggedModels: Searchable = {
  entities: {
    attribute: 'attribute',
    attributes: 'attribute',
    metric: 'metric',
    metrics: 'metric',
    param: 'parameter',
    params: 'parameter',
    tag: 'tag',
    tags: 'tag',
  },
  texts: {
    name: 'name',
    model_id: 'id',
    model_type: 'modelType',
    status: 'status',
    source_run_id: 'sourceRunId',
  },
  numbers: {
    creation_timestamp: 'createdAt',
    creation_timestamp_ms: 'createdAt',
    creation_time: 'createdAt',
    last_updated_timestamp: 'updatedAt',
    last_updated_timestamp_ms: 'updatedAt',
  },
  orderOnly: { experiment_id: 'experimentId' },
};
