import { useQuery } from '@tanstack/react-query';
import type { Job } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { LinkedText, ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';
import { formatDuration } from '../../../lib/format.ts';
import { useParam } from '../../../lib/url-state.ts';
import { JobOutput } from './JobOutput.tsx';

export function JobScreen() {
  const id = useParam('id');
  const asked = ask('jobs', 'get', { id });
  const job = useQuery(asked);
  return (
    <Answer of={job}>
      {(value) => (
        <>
          <PageHeader
            title={`Job ${shortId(value.id)}`}
            trail={[{ text: 'Jobs', to: '/jobs' }]}
            status={<StatusBadge state={value.state} />}
            asked={asked}
            actions={
              value.finishedAt === null && (
                <Action
                  danger
                  name="Cancel"
                  about="The job ends with its whole process tree."
                  reason="none"
                  run={() => client().jobs.cancel({ id })}
                />
              )
            }
          />
          <Facts job={value} />
          <Detail
            tabs={[
              {
                id: 'spec',
                title: 'What was asked',
                render: () => <FieldsTable label="specification" fields={value.spec} none="Nothing." />,
              },
              {
                id: 'progress',
                title: 'Progress',
                render: () => (
                  <FieldsTable label="progress" fields={value.progress} none="Nothing was reported yet." />
                ),
              },
              ...(value.kind === 'command'
                ? [{ id: 'output', title: 'Output', render: () => <JobOutput id={id} /> }]
                : []),
            ]}
          />
        </>
      )}
    </Answer>
  );
}

function Facts({ job }: { readonly job: Job }) {
  const { startedAt, finishedAt } = job;
  return (
    <>
      <Summary>
        <Fact name="Kind">{job.kind}</Fact>
        <Fact name="Experiment">{job.experiment}</Fact>
        <Fact name="Run">
          <ReferenceLink kind="run" to={job.runId} text={job.runId ? shortId(job.runId) : ''} />
        </Fact>
        <Fact name="Model">
          <ReferenceLink kind="model" to={job.modelVersion} />
        </Fact>
        <Fact name="Attempt">{job.attempt}</Fact>
        <Fact name="Submitted">
          <Time at={job.createdAt} />
        </Fact>
        <Fact name="Took">
          {startedAt !== null && finishedAt !== null ? formatDuration(finishedAt - startedAt) : '–'}
        </Fact>
      </Summary>
      {job.error && (
        <p style={{ marginBottom: 12 }}>
          <StatusBadge state="failed" word="" /> <LinkedText>{job.error}</LinkedText>
        </p>
      )}
    </>
  );
}
