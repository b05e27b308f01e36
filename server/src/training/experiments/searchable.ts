/** What of runs and experiments can be searched, by every name it goes by in MLflow's grammar. */
import type { Searchable } from '../../base/search/grammar.ts';

const attributeWords = { attribute: 'attribute', attributes: 'attribute', attr: 'attribute' } as const;
const tagWords = { tag: 'tag', tags: 'tag' } as const;

export const searchableRuns: Searchable = {
  entities: {
    ...attributeWords,
    ...tagWords,
    run: 'attribute',
    metric: 'metric',
    metrics: 'metric',
    param: 'parameter',
    params: 'parameter',
    parameter: 'parameter',
    parameters: 'parameter',
    dataset: 'dataset',
    datasets: 'dataset',
  },
  texts: {
    run_id: 'id',
    run_name: 'name',
    'run name': 'name',
    'Run name': 'name',
    'Run Name': 'name',
    status: 'status',
    user_id: 'user',
    artifact_uri: 'artifactUri',
  },
  numbers: { start_time: 'startedAt', created: 'startedAt', Created: 'startedAt', end_time: 'endedAt' },
  hasExtremes: true,
};

export const searchableExperiments: Searchable = {
  entities: { ...attributeWords, ...tagWords },
  texts: { name: 'name' },
  numbers: { creation_time: 'createdAt', last_update_time: 'updatedAt' },
  orderOnly: { experiment_id: 'id' },
};
