import type { Changes } from '../../access/audit/service.ts';
import type { JobTokens } from '../../access/auth/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { toUri } from '../../base/references.ts';
import type { Experiments } from '../experiments/service.ts';
import { jobKeyStore } from './cache/store.ts';
import { type JobEnd, type JobRecord, runStatusOf, toRecipe } from './rules.ts';
import { jobStore } from './store.ts';

export interface JobEndsDependencies {
  readonly changes: Changes;
  readonly experiments: Pick<Experiments, 'setRunStatus'>;
  readonly clock: Clock;
  readonly tokens: Pick<JobTokens, 'end'>;
}

export interface EndOptions {
  readonly error?: string;
  /** More of the same transaction, unless it had ended. */
  readonly alongside?: (tx: Db) => Promise<unknown>;
}

/** Work goes on in the name of whoever submitted it. */
export const callerOf = ({ actor, workspace }: JobRecord): Caller => ({ actor, role: 'editor', workspace });

/** How jobs end: the run's status, the job's row, the audit row and `job.finished`, all at once and only once. */
export function createJobEnds({ changes, experiments, clock, tokens }: JobEndsDependencies) {
  return {
    /** False when the job had ended already. */
    end(job: JobRecord, state: JobEnd, caller: Caller, { error, alongside }: EndOptions = {}) {
      const { id, runId, workspace } = job;
      const isGood = state === 'succeeded';
      return changes.run(caller, async (tx, record): Promise<boolean> => {
        if (!(await jobStore(tx).end(id, clock.now()))) return false;
        await jobKeyStore(tx).land(id);
        await tokens.end(job, tx);
        await alongside?.(tx);
        await experiments.setRunStatus(tx, runId, runStatusOf[state], workspace);
        record({
          action: 'job.finished',
          subject: toUri('job', id),
          detail: {
            ...{ id, kind: job.kind, state, runId },
            register: (isGood && job.spec.register) || null,
            recipe: isGood && job.kind === 'learner' ? toRecipe(job) : null,
            ...(error !== undefined && { error }),
          },
        });
        return true;
      });
    },
  };
}

export type JobEnds = ReturnType<typeof createJobEnds>;
