import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import { newId } from '../../base/ids.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { contextOf, type DatasetInput, type RecordedInput, type RunState } from './rules.ts';

/** One way a dataset was used in an experiment. */
export interface DatasetSummary {
  readonly experimentId: string;
  readonly name: string;
  readonly digest: string;
  readonly context: string;
}

const mostSummaries = 1_000;

export const inputStore = (db: Db) => ({
  /** The same dataset again adds to the tags of that input. Each (name, digest) at most once in `inputs`. */
  async save(workspace: string, run: RunState, inputs: readonly RecordedInput[]): Promise<void> {
    if (inputs.length === 0) return;
    const experimentId = Number(run.experimentId);
    await db
      .insertInto('input_datasets')
      .values(inputs.map((input) => toDatasetRow(workspace, experimentId, input)))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const datasets = await db
      .selectFrom('input_datasets')
      .leftJoin('run_inputs', (join) =>
        join.onRef('run_inputs.dataset_id', '=', 'input_datasets.id').on('run_inputs.run_id', '=', run.id),
      )
      .select(['input_datasets.id', 'name', 'digest', 'tags'])
      .where('workspace', '=', workspace)
      .where('experiment_id', '=', experimentId)
      .where('name', 'in', [...new Set(inputs.map(({ name }) => name))])
      .execute();
    const rows = inputs.flatMap((input) => {
      const dataset = datasets.find(({ name, digest }) => name === input.name && digest === input.digest);
      if (!dataset) return [];
      const before = dataset.tags === null ? [] : parseJson<KeyValue[]>(dataset.tags);
      const tags = [...new Map([...before, ...input.tags].map((tag) => [tag.key, tag])).values()];
      return [
        {
          run_id: run.id,
          dataset_id: dataset.id,
          context: contextOf(tags),
          tags: json(tags),
          reference: input.reference,
        },
      ];
    });
    await db
      .insertInto('run_inputs')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['run_id', 'dataset_id']).doUpdateSet((eb) => ({
          context: eb.ref('excluded.context'),
          tags: eb.ref('excluded.tags'),
          reference: eb.ref('excluded.reference'),
        })),
      )
      .execute();
  },

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

const toDatasetRow = (workspace: string, experimentId: number, input: DatasetInput) => ({
  id: newId('input'),
  workspace,
  experiment_id: experimentId,
  name: input.name,
  digest: input.digest,
  source_type: input.sourceType,
  source: input.source,
  schema: input.schema,
  profile: input.profile,
});
