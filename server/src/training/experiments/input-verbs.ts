import type { ExperimentsDependencies } from './dependencies.ts';
import { type DatasetSummary, inputStore } from './input-store.ts';
import { toExperimentNumber } from './rules.ts';

/** What runs have read. */
export function createInputVerbs({ db }: ExperimentsDependencies) {
  return {
    listInputDatasets: (
      experimentIds: readonly string[],
      workspace: string,
    ): Promise<readonly DatasetSummary[]> =>
      inputStore(db).listDatasets(workspace, experimentIds.map(toExperimentNumber)),
  };
}
