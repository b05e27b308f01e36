import type { Job } from '@tidemill/sdk';
import type { Session } from '../../session.ts';
import { formatNumber, formatTime } from '../../table.ts';
import { isSettled, watch } from '../../watch.ts';

/** Says each state and progress as it comes, shows the end, and fails if the job did. */
export async function followJob(session: Session, id: string): Promise<void> {
  const job = await watchJob(session, id);
  if (!job) return;
  session.show(await withModel(session, job), describeJob);
  if (job.state !== 'succeeded') process.exitCode = 1;
}

/** Of a command, registering follows the end a moment later: asked again it gives that version, or says why there is none. */
async function withModel({ client }: Session, job: Job): Promise<Job> {
  const { kind, state, runId, spec } = job;
  if (kind !== 'command' || state !== 'succeeded' || runId === null || typeof spec.register !== 'string')
    return job;
  const { reference } = await client.registry.register({ name: spec.register, runId });
  return { ...job, modelVersion: reference };
}

/** The job at its end; null when the reader left by Ctrl-C. */
export async function watchJob(session: Session, id: string): Promise<Job | null> {
  const isDone = isSettled();
  const output = followOutput(session, id);
  const say = (text: string) => {
    output.endLine();
    session.say(text);
  };
  const found = await watch(
    { ...session, say },
    {
      ask: async (signal) => {
        const found = await session.client.jobs.get({ id }, { signal });
        // Asked after the state: what a job wrote before its end is there once it has ended.
        if (found.kind === 'command') await output.print(signal);
        return found;
      },
      isDone: (found) =>
        isDone({
          ...found,
          wantsModel: found.kind === 'learner' && typeof found.spec.register === 'string',
        }),
      lines: progressLines,
      whenLeft: `The job goes on. Watch it: tidemill jobs show ${id} --follow; end it: tidemill jobs cancel ${id}`,
    },
  );
  output.endLine();
  return found;
}

const newline = 10;

/** What the command writes, as it writes it; with `--json` all of it goes to standard error. */
function followOutput(session: Session, id: string) {
  const seen = { stdout: 0, stderr: 0 };
  /** Where the last line that was printed has no end yet. */
  const open = new Set<NodeJS.WriteStream>();
  async function printFrom(stream: 'stdout' | 'stderr', signal: AbortSignal): Promise<void> {
    const target = stream === 'stderr' || session.json ? process.stderr : process.stdout;
    const download = await session.client.jobs.logs({ id, stream, offset: seen[stream] }, { signal });
    for await (const bytes of download.content) {
      seen[stream] += bytes.length;
      target.write(bytes);
      if (bytes.at(-1) === newline) open.delete(target);
      else if (bytes.length > 0) open.add(target);
    }
  }
  return {
    /** What we say begins a line of its own. */
    endLine(): void {
      for (const target of open) target.write('\n');
      open.clear();
    },
    print: (signal: AbortSignal) => Promise.all([printFrom('stdout', signal), printFrom('stderr', signal)]),
  };
}

const mostMetrics = 8;

/** What came of asking for a finished run. */
export function describeCache({ cachedFrom, cacheMiss }: Job): string[] {
  if (cachedFrom) {
    const metrics = Object.entries(cachedFrom.metrics).map(([key, value]) => `${key} ${formatNumber(value)}`);
    const rest = metrics.length > mostMetrics ? [`and ${metrics.length - mostMetrics} more`] : [];
    const ran = `it ran ${formatTime(cachedFrom.startedAt)} to ${formatTime(cachedFrom.finishedAt)}, in ${cachedFrom.jobId}`;
    return [
      `taken from  run ${cachedFrom.runId} of ${cachedFrom.experiment}; ${ran}. Nothing was run.`,
      `the same    ${cachedFrom.same.join(', ')}`,
      ...(metrics.length > 0
        ? [`metrics     ${[...metrics.slice(0, mostMetrics), ...rest].join(', ')}`]
        : []),
    ];
  }
  if (!cacheMiss) return [];
  const { nearest, differs } = cacheMiss;
  if (!nearest) return ['not cached  no finished run had this command or this code'];
  const why = differs.map((each, i) => `${i === 0 ? 'not cached' : '          '}  ${each}`);
  return [...why, `            (nearest: run ${nearest.runId} of ${formatTime(nearest.finishedAt)})`];
}

/** How often a curve gets a point is no news to a reader. */
const quiet = ['peakMemoryBytes', 'cpuSeconds'];

const progressLines = (job: Job): string[] => {
  const progress = Object.entries(job.progress)
    .filter(([key]) => !quiet.includes(key))
    .map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  const attempt = job.attempt > 1 ? ` (attempt ${job.attempt})` : '';
  return [`${job.id} is ${job.state}${attempt}${progress.length > 0 ? `: ${progress.join(', ')}` : ''}`];
};

export const describeJob = (job: Job): string[] => [
  `${job.id}  ${job.kind}  ${job.state}${job.joined ? ' (the same was on its way already)' : ''}`,
  ...describeCache(job),
  `experiment  ${job.experiment}`,
  ...(job.runId ? [`run         ${job.runId}`] : []),
  ...(job.modelVersion ? [`model       ${job.modelVersion}`] : []),
  ...(typeof job.progress.environment === 'string' ? [`environment ${job.progress.environment}`] : []),
  `created     ${formatTime(job.createdAt)}, started ${formatTime(job.startedAt)}, finished ${formatTime(job.finishedAt)}`,
  ...(job.error ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line, i) => `${i === 0 ? 'error ' : '      '}      ${line}`),
];
