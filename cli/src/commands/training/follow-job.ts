import type { Job } from '@tidemill/sdk';
import type { Session } from '../../session.ts';
import { formatTime } from '../../table.ts';
import { isSettled, watch } from '../../watch.ts';

/** Says each state and progress as it comes, shows the end, and fails if the job did. */
export async function followJob(session: Session, id: string): Promise<void> {
  const isDone = isSettled();
  const job = await watch(session, {
    ask: (signal) => session.client.jobs.get({ id }, { signal }),
    isDone: (found) => isDone({ ...found, wantsModel: typeof found.spec.register === 'string' }),
    lines: progressLines,
    whenLeft: `The job goes on. Watch it: tidemill jobs show ${id} --follow; end it: tidemill jobs cancel ${id}`,
  });
  if (!job) return;
  session.show(job, describeJob);
  if (job.state !== 'succeeded') process.exitCode = 1;
}

const progressLines = (job: Job): string[] => {
  const progress = Object.entries(job.progress).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  const attempt = job.attempt > 1 ? ` (attempt ${job.attempt})` : '';
  return [`${job.id} is ${job.state}${attempt}${progress.length > 0 ? `: ${progress.join(', ')}` : ''}`];
};

export const describeJob = (job: Job): string[] => [
  `${job.id}  ${job.kind}  ${job.state}`,
  `experiment  ${job.experiment}`,
  ...(job.runId ? [`run         ${job.runId}`] : []),
  ...(job.modelVersion ? [`model       ${job.modelVersion}`] : []),
  `created     ${formatTime(job.createdAt)}, started ${formatTime(job.startedAt)}, finished ${formatTime(job.finishedAt)}`,
  ...(job.error ? [`error       ${job.error}`] : []),
];
