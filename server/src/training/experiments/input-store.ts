import type { Db } from '../../adapters/db/db.ts';

/** One way a dataset was used in an experiment. */
export interface DatasetSummary {
  readonly experimentId: string;
  readonly name: string;
  readonly digest: string;
  readonly context: string;
}

const mostSummaries = 1_000;

export const inputStore = (db: Db) => ({
  async listDatasets(workspace: string, experimentIds: readonly number[]): Promise<DatasetSummary[]> {
    const rows = await db
      .selectFrom('input_datasets')
      .innerJoin('run_inputs', 'run_inputs.dataset_id', 'input_datasets.id')
      .select(['experiment_id', 'name', 'digest', 'context'])
      .distinct()
      .where('workspace', '=', workspace)
      .where('experiment_id', 'in', experimentIds)
      .orderBy('experiment_id')
      .orderBy('name')
      .orderBy('digest')
      .orderBy('context')
      .limit(mostSummaries)
      .execute();
    return rows.map(({ experiment_id, ...dataset }) => ({ experimentId: String(experiment_id), ...dataset }));
  },
});
