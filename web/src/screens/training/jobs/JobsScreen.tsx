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

const tookMs = (job: Job) =>
  job.startedAt === null || job.finishedAt === null ? null : job.finishedAt - job.startedAt;

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
  { id: 'kind', title: 'Kind', value: (job) => job.kind, width: 100 },
  { id: 'experiment', title: 'Experiment', value: (job) => job.experiment },
  {
    id: 'run',
    title: 'Run',
    value: (job) => job.runId,
    cell: (job) => <ReferenceLink kind="run" to={job.runId} text={job.runId ? shortId(job.runId) : ''} />,
    width: 120,
  },
  {
    id: 'model',
    title: 'Model',
    value: (job) => job.modelVersion,
    cell: (job) => <ReferenceLink kind="model" to={job.modelVersion} />,
    width: 160,
  },
  { id: 'error', title: 'Error', value: (job) => job.error },
  { id: 'attempt', title: 'Attempt', value: (job) => job.attempt, align: 'right', width: 90, hidden: true },
  {
    id: 'took',
    title: 'Took',
    value: tookMs,
    cell: (job) => formatDuration(tookMs(job)),
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
];

export function JobsScreen() {
  const list = useList('jobs', 'list', {});
  return (
    <>
      <PageHeader title="Jobs" about="Learners and commands, each with its run." asked={list.asked} />
      <ListTable
        label="jobs"
        list={list}
        columns={columns}
        rowKey={(job) => job.id}
        empty={
          <EmptyState command="tidemill jobs run --experiment EXPERIMENT -- python train.py">
            No job was submitted yet.
          </EmptyState>
        }
      />
    </>
  );
}
