import type { Job } from '@tidemill/sdk';
import { useSyncExternalStore } from 'react';
import { CommandLine } from '../../../components/CommandLine.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { LinkedText, ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { absent, formatBytes, formatDuration } from '../../../lib/format.ts';
import { type CommandSpec, commandOf, tookMs, trialOf, usageOf, whatItRuns } from './job-words.ts';

/** What a reader asks first: what ran, for whom, how long, with what. */
export function JobFacts({ job }: { readonly job: Job }) {
  const command = commandOf(job);
  const trial = trialOf(job);
  const { peakMemoryBytes, cpuSeconds } = usageOf(job);
  return (
    <>
      <Summary>
        <Fact name="Kind">{job.kind}</Fact>
        <Fact name="Experiment">{job.experiment}</Fact>
        <Fact name="Run">
          <ReferenceLink kind="run" to={job.runId} text={job.runId ? shortId(job.runId) : ''} />
        </Fact>
        {job.cachedFrom && (
          <Fact wide name="Taken from">
            <ReferenceLink kind="job" to={job.cachedFrom.jobId} text={shortId(job.cachedFrom.jobId)} /> of{' '}
            <Time at={job.cachedFrom.finishedAt} />; nothing was run. The same:{' '}
            {job.cachedFrom.same.join(', ')}.
          </Fact>
        )}
        {job.cacheMiss && job.cacheMiss.differs.length > 0 && (
          <Fact wide name="Not taken from a run, as">
            {job.cacheMiss.differs.join('; ')}
          </Fact>
        )}
        <Fact name="Model">
          <ReferenceLink kind="model" to={job.modelVersion} />
        </Fact>
        {trial && (
          <Fact name="Sweep">
            <ReferenceLink kind="sweep" to={trial.sweep} text={shortId(trial.sweep)} />, trial {trial.number}
          </Fact>
        )}
        <Fact name="Attempt">{command ? `${job.attempt} of ${command.maximumAttempts}` : job.attempt}</Fact>
        <Fact name="Submitted">
          <Time at={job.createdAt} />
        </Fact>
        <Fact name="Took">
          <Took job={job} />
        </Fact>
        {command && (
          <>
            <Fact name="Asked for">{askedFor(command)}</Fact>
            <Fact name="Memory peak">{formatBytes(peakMemoryBytes)}</Fact>
            <Fact name="Processor time">
              <Figure value={cpuSeconds} unit="s" />
            </Fact>
            <Fact name="Code">
              <Code spec={command} />
            </Fact>
          </>
        )}
        {command && (
          <Fact wide name="Command">
            <CommandLine>{whatItRuns(job)}</CommandLine>
          </Fact>
        )}
      </Summary>
      {job.error && (
        <p style={{ marginBottom: 12 }}>
          <StatusBadge state="failed" word="" /> <LinkedText>{job.error}</LinkedText>
        </p>
      )}
    </>
  );
}

function askedFor({ resources: { cpu, memoryBytes, gpu } }: CommandSpec): string {
  const parts = [`${cpu} ${cpu === 1 ? 'core' : 'cores'}`];
  if (memoryBytes !== null) parts.push(formatBytes(memoryBytes));
  if (gpu > 0) parts.push(`${gpu} GPU`);
  return parts.join(', ');
}

function Code({ spec: { revision, code, workingDirectory } }: { readonly spec: CommandSpec }) {
  if (workingDirectory) return <span className="mono">{workingDirectory}</span>;
  if (!code) return absent;
  const files = `${code.files} ${code.files === 1 ? 'file' : 'files'}`;
  if (!revision) return `${files}, of no git repository`;
  const { commit, branch, diff, repository, folder } = revision;
  return (
    <>
      <span className="mono" title={[repository, commit, folder].filter(Boolean).join(' ')}>
        {commit.slice(0, 10)}
      </span>
      {branch && ` on ${branch}`}
      {diff && ', with changes that were not committed'} ({files})
    </>
  );
}

const secondMs = 1000;
function watchSeconds(tell: () => void): () => void {
  const timer = setInterval(tell, secondMs);
  return () => clearInterval(timer);
}
const toSecond = () => Math.floor(Date.now() / secondMs) * secondMs;
const still = () => () => undefined;

/** Counts on while the job runs. */
function Took({ job }: { readonly job: Job }) {
  const now = useSyncExternalStore(job.finishedAt === null ? watchSeconds : still, toSecond);
  return formatDuration(tookMs(job, now));
}
