import type { Experiment, KeyKind } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { keyStore } from './key-store.ts';

const usualLimit = 100;

/** What a table of runs could show: the keys an experiment logs under, a searched handful at a time. */
export function createKeyVerbs(
  { db }: ExperimentsDependencies,
  getExperiment: (id: string, workspace: string) => Promise<Experiment>,
) {
  return {
    async listKeys(
      input: { id: string; kind: KeyKind; search?: string | undefined; limit?: number | undefined },
      { workspace }: Caller,
    ): Promise<{ keys: string[]; hasMore: boolean }> {
      const { id } = await getExperiment(input.id, workspace);
      const limit = input.limit ?? usualLimit;
      const found = await keyStore(db).list({
        workspace,
        experimentId: Number(id),
        kind: input.kind,
        search: input.search ?? '',
        limit: limit + 1,
      });
      return { keys: found.slice(0, limit), hasMore: found.length > limit };
    },
  };
}
