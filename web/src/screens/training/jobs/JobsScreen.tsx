import { NativeSelect } from '@mantine/core';
import type { Job } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { formatDuration } from '../../../lib/format.ts';
import { useList } from '../../../lib/pages.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { RunCommandAction } from '../command/RunCommandAction.tsx';
import { tookMs, trialOf, whatItRuns } from './job-words.ts';

const states = ['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled'] as const;

const columns: readonly DataColumn<Job>[] = [
  {
    id: 'id',
    title: 'Job',
    value: (job) => job.id,
    cell: (job) => <ReferenceLink kind="job" to={job.id} text={shortId(job.id)} />,
    width: 120,
  },
  {
    id: 'state',
    title: 'State',
    value: (job) => job.state,
    cell: (job) => <StatusBadge state={job.state} />,
    width: 120,
  },
  {
    id: 'runs',
    title: 'What it runs',
    value: whatItRuns,
    cell: (job) => (
      <span className="mono" title={whatItRuns(job)}>
        {whatItRuns(job)}
      </span>
    ),
  },
  {
    id: 'sweep',
    title: 'Sweep',
    value: (job) => trialOf(job)?.sweep,
    cell: (job) => {
      const trial = trialOf(job);
      return <ReferenceLink kind="sweep" to={trial?.sweep} text={trial ? `trial ${trial.number}` : ''} />;
    },
    width: 90,
  },
  {
    id: 'took',
    title: 'Took',
    value: (job) => tookMs(job, Date.now()),
    cell: (job) => formatDuration(tookMs(job, Date.now())),
    align: 'right',
    width: 100,
  },
  {
    id: 'created',
    title: 'Submitted',
    value: (job) => job.createdAt,
    cell: (job) => <Time at={job.createdAt} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'run',
    title: 'Run',
    value: (job) => job.runId,
    cell: (job) => <ReferenceLink kind="run" to={job.runId} text={job.runId ? shortId(job.runId) : ''} />,
    width: 120,
  },
  { id: 'experiment', title: 'Experiment', value: (job) => job.experiment, width: 120 },
  {
    id: 'model',
    title: 'Model',
    value: (job) => job.modelVersion,
    cell: (job) => <ReferenceLink kind="model" to={job.modelVersion} />,
    width: 130,
  },
  {
    id: 'error',
    title: 'Error',
    value: (job) => job.error,
    cell: ({ error }) => <span title={error ?? undefined}>{error ?? ''}</span>,
    width: 200,
  },
  { id: 'kind', title: 'Kind', value: (job) => job.kind, width: 90, hidden: true },
  { id: 'attempt', title: 'Attempt', value: (job) => job.attempt, align: 'right', width: 90, hidden: true },
];

export function JobsScreen() {
  const [search, change] = useScreenSearch();
  const state = states.find((known) => known === search.state);
  const list = useList('jobs', 'list', { ...(state && { state }) });
  return (
    <>
      <PageHeader
        title="Jobs"
        about="Learners and commands, each with its run."
        asked={list.asked}
        actions={
          <>
            <RunCommandAction />
            <NativeSelect
              aria-label="state"
              data={[{ value: '', label: 'In any state' }, ...states]}
              value={state ?? ''}
              onChange={({ currentTarget }) => change({ state: currentTarget.value || undefined })}
            />
          </>
        }
      />
      <ListTable
        label="jobs"
        list={list}
        columns={columns}
        rowKey={(job) => job.id}
        minimumWidth={1440}
        empty={
          state ? (
            <EmptyState>No job is {state}.</EmptyState>
          ) : (
            <EmptyState command="tidemill jobs run --experiment EXPERIMENT -- python train.py">
              No job was submitted yet.
            </EmptyState>
          )
        }
      />
    </>
  );
}
