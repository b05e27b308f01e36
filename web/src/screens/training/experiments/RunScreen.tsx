import { useQuery } from '@tanstack/react-query';
import type { Run } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { formatBytes, formatDuration } from '../../../lib/format.ts';
import { useParam } from '../../../lib/url-state.ts';
import { MetricsPanel } from './MetricsPanel.tsx';

export function RunScreen() {
  const id = useParam('id');
  const asked = ask('experiments', 'getRun', { id });
  const run = useQuery(asked);
  return (
    <Answer of={run}>
      {(value) => (
        <>
          <PageHeader
            title={value.name || id.slice(0, 8)}
            trail={[
              { text: 'Experiments', to: '/experiments' },
              { text: 'its runs', to: `/experiments/${value.experimentId}` },
            ]}
            status={<StatusBadge state={value.status} />}
            asked={asked}
          />
          <Summary>
            <Fact name="Started">
              <Time at={value.startedAt} />
            </Fact>
            <Fact name="Took">
              {value.endedAt === null ? 'running' : formatDuration(value.endedAt - value.startedAt)}
            </Fact>
            <Fact name="User">{value.user}</Fact>
            <Fact name="Run id">
              <span className="mono">{value.id}</span>
            </Fact>
          </Summary>
          <Detail tabs={toTabs(value)} />
        </>
      )}
    </Answer>
  );
}

const toTabs = (run: Run) => [
  {
    id: 'metrics',
    title: 'Metrics',
    count: Object.keys(run.metrics).length,
    render: () => <MetricsPanel run={run} />,
  },
  {
    id: 'parameters',
    title: 'Parameters',
    count: Object.keys(run.parameters).length,
    render: () => (
      <FieldsTable label="parameters" fields={run.parameters} none="This run logged no parameter." />
    ),
  },
  { id: 'inputs', title: 'Inputs', count: run.inputs.length, render: () => <Inputs run={run} /> },
  { id: 'artifacts', title: 'Artifacts', render: () => <Artifacts id={run.id} /> },
  {
    id: 'tags',
    title: 'Tags',
    count: Object.keys(run.tags).length,
    render: () => <FieldsTable label="tags" fields={run.tags} none="This run has no tag." />,
  },
  { id: 'lineage', title: 'Lineage', render: () => <LineagePanel uri={`run:${run.id}`} /> },
];

function Inputs({ run }: { readonly run: Run }) {
  if (run.inputs.length === 0) return <EmptyState>This run named no dataset it read.</EmptyState>;
  return <RowsTable label="inputs" rows={run.inputs} names={['name', 'context', 'digest', 'source']} />;
}

function Artifacts({ id }: { readonly id: string }) {
  const artifacts = useQuery(ask('experiments', 'listArtifacts', { id }));
  return (
    <Panel title="Files at the top">
      <Answer of={artifacts}>
        {({ files }) =>
          files.length === 0 ? (
            <EmptyState>This run stored no file.</EmptyState>
          ) : (
            <RowsTable
              label="artifacts"
              rows={files.map((file) => ({
                path: file.directory ? `${file.path}/` : file.path,
                size: file.size === null ? '' : formatBytes(file.size),
                sha256: file.sha256 ?? '',
              }))}
            />
          )
        }
      </Answer>
    </Panel>
  );
}
