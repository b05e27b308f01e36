import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Run } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { formatDuration } from '../../../lib/format.ts';
import type { Asked } from '../../../lib/http-form.ts';
import { useParam } from '../../../lib/url-state.ts';
import { ArtifactsPanel } from './ArtifactsPanel.tsx';
import { isSystem } from './compare-rules.ts';
import { MetricBoard } from './MetricBoard.tsx';
import { RunActions } from './RunActions.tsx';
import { RunOverview } from './RunOverview.tsx';
import { nameOf, parentOf, tookMs } from './run-columns.tsx';
import { useLiveRun } from './use-live-run.ts';

export function RunScreen() {
  const id = useParam('id');
  const { asked, run, isLive } = useLiveRun(id);
  return (
    <Answer of={run}>
      {(value) => (
        <>
          <RunHeader run={value} asked={asked} isLive={isLive} />
          <RunTabs key={value.id} run={value} isLive={isLive} />
        </>
      )}
    </Answer>
  );
}

interface RunHeaderProps {
  readonly run: Run;
  readonly asked: Asked;
  readonly isLive: boolean;
}

function RunHeader({ run, asked, isLive }: RunHeaderProps) {
  const experiment = useQuery(ask('experiments', 'getExperiment', { id: run.experimentId }));
  return (
    <>
      <PageHeader
        title={nameOf(run)}
        trail={[
          { text: 'Experiments', to: '/experiments' },
          { text: experiment.data?.name ?? run.experimentId, to: `/experiments/${run.experimentId}` },
        ]}
        status={
          <>
            <StatusBadge state={run.status} />
            {isLive && <StatusBadge state="live" />}
            {run.lifecycle === 'deleted' && <StatusBadge state="deleted" tone="warn" />}
          </>
        }
        asked={asked}
        actions={<RunActions runs={[run]} />}
      />
      <RunFacts run={run} />
    </>
  );
}

function RunFacts({ run }: { readonly run: Run }) {
  const { tags } = run;
  const took = tookMs(run);
  const parent = parentOf(run);
  const commit = tags['mlflow.source.git.commit'];
  return (
    <Summary>
      <Fact name="Started">
        <Time at={run.startedAt} />
      </Fact>
      <Fact name="Took">{took === null ? 'running' : formatDuration(took)}</Fact>
      <Fact name="User">{run.user || 'nobody'}</Fact>
      {tags['mlflow.source.name'] && <Fact name="Source">{tags['mlflow.source.name']}</Fact>}
      {commit && (
        <Fact name="Commit">
          <span className="mono" title={commit}>
            {commit.slice(0, 10)}
          </span>
          {tags['mlflow.source.git.branch'] && ` on ${tags['mlflow.source.git.branch']}`}
        </Fact>
      )}
      {parent && (
        <Fact name="Child of">
          <ParentLink id={parent} />
        </Fact>
      )}
      <Fact name="Run id">
        <span className="mono">{run.id}</span>
      </Fact>
    </Summary>
  );
}

function ParentLink({ id }: { readonly id: string }) {
  const parent = useQuery(ask('experiments', 'getRun', { id }));
  return <Link to={`/runs/${encodeURIComponent(id)}`}>{parent.data ? nameOf(parent.data) : id}</Link>;
}

function RunTabs({ run, isLive }: { readonly run: Run; readonly isLive: boolean }) {
  const metrics = useMemo(() => Object.keys(run.metrics).sort(), [run.metrics]);
  const own = useMemo(() => metrics.filter((name) => !isSystem(name)), [metrics]);
  const system = useMemo(() => metrics.filter(isSystem), [metrics]);
  const name = nameOf(run);
  // A run that is followed live tells when its curves have moved.
  const isRunning = run.status === 'RUNNING' && !isLive;
  const runs = useMemo(() => [{ id: run.id, name, isRunning }], [run.id, name, isRunning]);
  const board = (names: readonly string[]) => (
    <MetricBoard runs={runs} names={names} values={run.metrics} none="This run logged no metric." />
  );
  const tabs = [
    { id: 'overview', title: 'Overview', render: () => <RunOverview run={run} /> },
    { id: 'metrics', title: 'Metrics', count: own.length, render: () => board(own) },
    ...(system.length > 0
      ? [{ id: 'system', title: 'System metrics', count: system.length, render: () => board(system) }]
      : []),
    {
      id: 'parameters',
      title: 'Parameters',
      count: Object.keys(run.parameters).length,
      render: () => (
        <FieldsTable
          isSearched
          label="parameters"
          fields={run.parameters}
          none="This run logged no parameter."
        />
      ),
    },
    {
      id: 'tags',
      title: 'Tags',
      count: Object.keys(run.tags).length,
      render: () => <FieldsTable isSearched label="tags" fields={run.tags} none="This run has no tag." />,
    },
    { id: 'artifacts', title: 'Artifacts', render: () => <ArtifactsPanel run={run.id} /> },
    { id: 'lineage', title: 'Lineage', render: () => <LineagePanel uri={`run:${run.id}`} /> },
  ];
  return <Detail tabs={tabs} />;
}
