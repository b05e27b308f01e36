import { useQuery } from '@tanstack/react-query';
import type { Job } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { Detail } from '../../../components/Detail.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { ask } from '../../../lib/client.ts';
import { useParam } from '../../../lib/url-state.ts';
import { isRebuildable, JobActions } from './JobActions.tsx';
import { JobAsked } from './JobAsked.tsx';
import { JobCode } from './JobCode.tsx';
import { JobDiff } from './JobDiff.tsx';
import { JobEnvironment } from './JobEnvironment.tsx';
import { JobFacts } from './JobFacts.tsx';
import { JobOutput } from './JobOutput.tsx';
import { JobRebuilds } from './JobRebuilds.tsx';
import { JobResources } from './JobResources.tsx';
import { commandOf } from './job-words.ts';

/** Its progress moves without an event. */
const progressMs = 2000;

export function JobScreen() {
  const asked = ask('jobs', 'get', { id: useParam('id') });
  const job = useQuery({
    ...asked,
    refetchInterval: ({ state }) => (state.data?.finishedAt === null ? progressMs : false),
  });
  return (
    <Answer of={job}>
      {(value) => (
        <>
          <PageHeader
            title={`Job ${shortId(value.id)}`}
            trail={[{ text: 'Jobs', to: '/jobs' }]}
            status={<StatusBadge state={value.state} />}
            asked={asked}
            actions={<JobActions job={value} />}
          />
          <JobFacts job={value} />
          <JobTabs key={value.id} job={value} />
        </>
      )}
    </Answer>
  );
}

function JobTabs({ job }: { readonly job: Job }) {
  const isCommand = job.kind === 'command';
  const tabs = [
    ...(isCommand
      ? [
          { id: 'output', title: 'Output', render: () => <JobOutput job={job} /> },
          { id: 'resources', title: 'Resources', render: () => <JobResources job={job} /> },
        ]
      : []),
    { id: 'spec', title: 'What was asked', render: () => <JobAsked job={job} /> },
    {
      id: 'progress',
      title: 'Progress',
      render: () => <FieldsTable label="progress" fields={job.progress} none="Nothing was reported yet." />,
    },
    ...(isRebuildable(job)
      ? [{ id: 'rebuilds', title: 'Rebuilds', render: () => <JobRebuilds runId={job.runId ?? ''} /> }]
      : []),
    ...(isCommand && commandOf(job)?.code
      ? [{ id: 'code', title: 'Code', render: () => <JobCode id={job.id} /> }]
      : []),
    ...(commandOf(job)?.revision?.diff
      ? [{ id: 'changes', title: 'Uncommitted', render: () => <JobDiff id={job.id} /> }]
      : []),
    ...(isCommand && job.runId
      ? [{ id: 'environment', title: 'Environment', render: () => <JobEnvironment job={job} /> }]
      : []),
    ...(job.runId
      ? [{ id: 'lineage', title: 'Lineage', render: () => <LineagePanel uri={`run:${job.runId}`} /> }]
      : []),
  ];
  return <Detail tabs={tabs} />;
}
