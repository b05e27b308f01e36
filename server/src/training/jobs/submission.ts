import type { Job } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { newId, newRunId } from '../../base/ids.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { toUri } from '../../base/references.ts';
import type { Tasks } from '../../platform/tasks/service.ts';
import { endlessAttempts } from '../../platform/tasks/told-end.ts';
import type { Experiments } from '../experiments/service.ts';
import { type JobRecord, taskKinds, toJob, toSourceTags } from './rules.ts';
import { jobStore } from './store.ts';

export interface SubmissionsDependencies {
  readonly clock: Clock;
  readonly changes: Changes;
  readonly tasks: Pick<Tasks, 'enqueue'>;
  readonly experiments: Pick<Experiments, 'ensureExperiment' | 'openRun'>;
  get(input: { id: string }, caller: Caller): Promise<Job>;
}

interface SubmitOptions {
  /** More of the same transaction. */
  readonly alongside?: (tx: Db) => Promise<void>;
  /** First of all: the job that is to be used instead, if there is one. */
  readonly instead?: (tx: Db) => Promise<string | null>;
}

/** How jobs begin: the job's row, its run and its task, all at once. */
export function createSubmissions({ clock, changes, tasks, experiments, get }: SubmissionsDependencies) {
  const newRecord = (experiment: string, { workspace, actor }: Caller) => ({
    ...{ id: newId('job'), workspace, experiment, runId: newRunId(), modelVersion: null, actor },
    ...{ createdAt: clock.now(), endedAt: null, cache: null },
  });

  /** Job, run and task, all together; what was taken from another run has none of its own. */
  async function insert(
    tx: Db,
    job: JobRecord,
    { experimentId, tags = [] }: { readonly experimentId: string; readonly tags?: readonly KeyValue[] },
    caller: Caller,
  ): Promise<void> {
    const { id, workspace, runId, kind, actor } = job;
    const name = job.spec.name ?? undefined;
    const source = [
      { key: 'mlflow.source.type', value: 'JOB' },
      { key: 'mlflow.source.name', value: id },
      ...(job.kind === 'command' ? toSourceTags(job.spec) : []),
    ];
    const run = { id: runId, experimentId, name, status: 'SCHEDULED', tags: [...source, ...tags] } as const;
    const isOver = job.endedAt !== null;
    if (!isOver) await experiments.openRun(tx, run, caller);
    await jobStore(tx).insert(job);
    const needs = job.kind === 'command' && {
      payload: { needs: job.spec.resources },
      priority: job.spec.priority,
    };
    const result = isOver && { result: { runId } };
    const task = { id, kind: taskKinds[kind], workspace, payload: {}, actor, ...needs, ...result };
    await tasks.enqueue(tx, { ...task, subject: toUri('job', id), maximumAttempts: endlessAttempts });
  }

  async function submit(
    job: JobRecord,
    caller: Caller,
    { alongside, instead }: SubmitOptions = {},
  ): Promise<Job> {
    const { id, kind, experiment } = job;
    const { id: experimentId } = await experiments.ensureExperiment(experiment, caller);
    const other = await changes.run(caller, async (tx, record) => {
      const joined = (await instead?.(tx)) ?? null;
      if (joined !== null) return joined;
      await insert(tx, job, { experimentId }, caller);
      await alongside?.(tx);
      const { runId, cachedFrom } = toJob(job, null);
      const detail = { id, kind, experiment, runId, ...(cachedFrom && { cachedFrom: cachedFrom.jobId }) };
      record({ action: 'job.submitted', subject: toUri('job', id), detail });
      if (job.endedAt !== null)
        record({
          action: 'job.finished',
          subject: toUri('job', id),
          detail: { ...detail, state: 'succeeded', register: job.spec.register ?? null, recipe: null },
        });
      return null;
    });
    return other === null ? get({ id }, caller) : { ...(await get({ id: other }, caller)), joined: true };
  }

  return { newRecord, insert, submit };
}

export type Submissions = ReturnType<typeof createSubmissions>;
