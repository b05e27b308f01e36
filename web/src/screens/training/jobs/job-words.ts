import type { CommandJob, Job, LearnerJob } from '@tidemill/sdk';
import { joinWords } from '../../../lib/shell-words.ts';

/** What was asked for, as the server completed it: absent things are null, files are told by their paths. */
export type CommandSpec = Omit<CommandJob, 'code' | 'files' | 'revision' | 'resources'> & {
  readonly code: { readonly files: number } | null;
  readonly files: readonly string[];
  readonly revision: CommandJob['revision'] | null;
  readonly resources: { readonly cpu: number; readonly memoryBytes: number | null; readonly gpu: number };
};

export const commandOf = (job: Job): CommandSpec | null =>
  job.kind === 'command' ? (job.spec as unknown as CommandSpec) : null;

/** The command as one types it, or the learner with its training set. */
export function whatItRuns(job: Job): string {
  const command = commandOf(job);
  if (command) return joinWords(command.command);
  const { learner, trainingSet } = job.spec as unknown as LearnerJob;
  return `${learner} on ${trainingSet}`;
}

/** The sweep that made the job, and which of its trials it is. */
export function trialOf(job: Job): { readonly sweep: string; readonly number: string } | null {
  const { TIDEMILL_SWEEP_ID: sweep, TIDEMILL_TRIAL: number } = commandOf(job)?.environment ?? {};
  return sweep !== undefined && number !== undefined ? { sweep, number } : null;
}

/** Milliseconds from start to end, or until now. */
export const tookMs = ({ startedAt, finishedAt }: Job, now: number): number | null =>
  startedAt === null ? null : Math.max(0, (finishedAt ?? now) - startedAt);

/** What its process tree took so far. */
export const usageOf = ({ progress }: Job) => ({
  peakMemoryBytes: toNumber(progress.peakMemoryBytes),
  cpuSeconds: toNumber(progress.cpuSeconds),
});

const toNumber = (value: unknown): number | null => (typeof value === 'number' ? value : null);
