/** What a job that has ended says of its sweep's goals, through the metrics of its run. */
import type { Job } from '@tidemill/contract';
import type { Caller } from '../../../base/caller.ts';
import type { Experiments } from '../../experiments/service.ts';
import { goalValue, type SearchRecord } from './rules.ts';
import type { TrialEnd } from './trials.ts';

const mostPoints = 100_000;
const endStates = new Set<Job['state']>(['succeeded', 'failed', 'cancelled']);
export const isJobOver = ({ state }: Job): boolean => endStates.has(state);

/** Jobs go on in the name of whoever submitted the sweep. */
export const jobCallerOf = ({ actor, workspace }: SearchRecord): Caller => ({
  ...{ actor, workspace },
  role: 'admin',
});

export type GoalPoint = Awaited<ReturnType<Experiments['listPointsAfter']>>[number];

export interface JobResultsDependencies {
  readonly experiments: Pick<Experiments, 'getRun' | 'listPointsAfter'>;
}

export function createJobResults({ experiments }: JobResultsDependencies) {
  /** What the job logged under a goal's name, in the order of time, behind what was read before. */
  const pointsOf = (
    { workspace }: SearchRecord,
    runId: string,
    metric: string,
    after: GoalPoint | null = null,
  ): Promise<GoalPoint[]> =>
    experiments.listPointsAfter({ id: runId, key: metric, after, limit: mostPoints }, workspace);

  async function missingMetric(search: SearchRecord, runId: string, metric: string): Promise<string> {
    const { metrics } = await experiments.getRun({ id: runId }, jobCallerOf(search));
    const names = Object.keys(metrics).filter((name) => !name.startsWith('system/'));
    const known = names.length > 0 ? `it logged ${names.slice(0, 20).join(', ')}` : 'it logged no metric';
    return `its run ended without a metric '${metric}'; ${known}`;
  }

  return {
    pointsOf,

    async endOf(search: SearchRecord, runId: string, job: Job): Promise<TrialEnd> {
      const cost = Number(job.progress.cpuSeconds ?? 0);
      if (job.state !== 'succeeded')
        return { state: 'failed', error: job.error ?? `its job was ${job.state}`, cost };
      const values: (number | null)[] = [];
      for (const goal of search.definition.goals) {
        const points = await pointsOf(search, runId, goal.metric);
        const value = goalValue(
          points.map((point) => point.value),
          goal,
        );
        if (value === null)
          return { state: 'failed', error: await missingMetric(search, runId, goal.metric), cost };
        values.push(value);
      }
      return { state: 'complete', values, cost };
    },
  };
}

export type JobResults = ReturnType<typeof createJobResults>;
