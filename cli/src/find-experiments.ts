import type { Client, Experiment } from '@tidemill/sdk';
import { failures } from './failure.ts';
import { listUpTo } from './pages.ts';

/** MLflow's own limit of experiments per search. */
const mostExperiments = 1000;

/** The experiments of these names or ids; all of them without a choice. @throws experimentUnknown */
export async function findExperiments(client: Client, wanted?: readonly string[]): Promise<Experiment[]> {
  const all = await listUpTo(mostExperiments, (page) => client.experiments.listExperiments(page));
  if (!wanted) return all;
  return wanted.map((text) => {
    const found = all.find((e) => e.name === text) ?? all.find((e) => e.id === text);
    if (!found) throw failures.experimentUnknown(text);
    return found;
  });
}
