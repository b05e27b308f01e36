import { useNavigate } from '@tanstack/react-router';
import type { Job } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { send } from '../../../lib/client.ts';
import { RunAgainAction } from '../command/RunCommandAction.tsx';
import { SearchAction } from '../new-sweep/SearchAction.tsx';

export const isRebuildable = ({ kind, state }: Job): boolean => kind === 'command' && state === 'succeeded';

/** What may be done with it now, and, for a command, the same again with changes. */
export function JobActions({ job }: { readonly job: Job }) {
  return (
    <>
      {job.kind === 'command' && (
        <>
          <RunAgainAction key={`again ${job.id}`} job={job} />
          <SearchAction key={`search ${job.id}`} name="Search parameters" from={job} />
        </>
      )}
      <OwnActions job={job} />
    </>
  );
}

function OwnActions({ job }: { readonly job: Job }) {
  const { id, kind, state, finishedAt, runId } = job;
  const navigate = useNavigate();
  if (finishedAt === null)
    return (
      <Action
        danger
        name="Cancel"
        about="The job ends with its whole process tree."
        reason="none"
        {...send('jobs', 'cancel', { id })}
      />
    );
  if (isRebuildable(job) && runId)
    return (
      <Action
        name="Rebuild"
        about="The run once more, in an environment from its lock, with its code, data and seed; metrics and files are compared."
        reason="none"
        {...send('jobs', 'rebuild', { id: runId })}
        onDone={(next) => void navigate({ to: `/jobs/${next.id}` })}
      />
    );
  if (kind !== 'command' || (state !== 'failed' && state !== 'cancelled')) return null;
  return (
    <Action
      name="Retry"
      about="The same command once more, as a job and a run of their own; it goes on from the checkpoints of this one."
      reason="none"
      {...send('jobs', 'retry', { id })}
      onDone={(next) => void navigate({ to: `/jobs/${next.id}` })}
    />
  );
}
