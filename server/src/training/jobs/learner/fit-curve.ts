import type { TaskContext } from '../../../platform/tasks/service.ts';
import type { FitReport } from '../../learners/service.ts';

export interface CurvePoint {
  readonly key: string;
  readonly value: number;
  /** Percent of the fit. */
  readonly step: number;
}

/** Keeps what a fit reports, for the run's metrics, and shows the latest as the task's progress. */
export function recordCurve(task: Pick<TaskContext<unknown>, 'progress' | 'saveProgress'>) {
  const points: CurvePoint[] = [];
  let saving: Promise<void> | undefined;

  return {
    add({ fraction, metrics }: FitReport): void {
      const step = Math.round(fraction * 100);
      points.push(...Object.entries(metrics).map(([key, value]) => ({ key, value, step })));
      // One save at a time: what comes meanwhile is only left out of the progress.
      saving ??= task
        .saveProgress({ ...task.progress, fraction, ...metrics })
        .catch(() => undefined) // a lost lease ends the fit by its signal
        .finally(() => {
          saving = undefined;
        });
    },

    /** Everything reported, once no save is on its way any more. */
    async points(): Promise<readonly CurvePoint[]> {
      await saving;
      return points;
    },
  };
}
