import { useQuery } from '@tanstack/react-query';
import type { LoggedModel } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { CommandLine } from '../../../components/CommandLine.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { FileBrowser } from '../../../components/FileBrowser.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { RowLink } from '../../../components/RowLink.tsx';
import { StatusBadge, type Tone } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';
import type { FileSource } from '../../../lib/file-source.ts';
import { pathOf } from '../../../lib/references.ts';
import { useParam } from '../../../lib/url-state.ts';

export function LoggedModelScreen() {
  const id = useParam('id');
  const asked = ask('loggedModels', 'getLoggedModel', { id });
  const model = useQuery(asked);
  return (
    <Answer of={model}>
      {(value) => (
        <>
          <PageHeader
            title={value.name}
            trail={[
              { text: 'Experiments', to: '/experiments' },
              { text: 'Runs', to: `/experiments/${value.experimentId}` },
            ]}
            status={<Status model={value} />}
            asked={asked}
            actions={<DeleteOrRestore model={value} />}
          />
          <Facts model={value} />
          <Detail tabs={toTabs(value)} />
        </>
      )}
    </Answer>
  );
}

const tones: Readonly<Record<LoggedModel['status'], Tone>> = {
  PENDING: 'active',
  READY: 'good',
  FAILED: 'bad',
};

const Status = ({ model }: { readonly model: LoggedModel }) => (
  <>
    <StatusBadge state={model.status} tone={tones[model.status]} />
    {model.lifecycle === 'deleted' && <StatusBadge state="deleted" tone="warn" />}
  </>
);

function DeleteOrRestore({ model: { id, name, lifecycle } }: { readonly model: LoggedModel }) {
  return lifecycle === 'deleted' ? (
    <Action
      name="Restore"
      about={`${name} will be among the active ones again.`}
      reason="none"
      run={() => client().loggedModels.restoreLoggedModel({ id })}
    />
  ) : (
    <Action
      danger
      name="Delete"
      about={`${name} is kept among the deleted ones, and can be restored.`}
      reason="none"
      run={() => client().loggedModels.deleteLoggedModel({ id })}
    />
  );
}

function Facts({ model }: { readonly model: LoggedModel }) {
  return (
    <>
      <Summary>
        <Fact name="Logged">
          <Time at={model.createdAt} />
        </Fact>
        {model.modelType && <Fact name="Type">{model.modelType}</Fact>}
        <Fact name="Run">
          <ReferenceLink
            kind="run"
            to={model.sourceRunId}
            text={model.sourceRunId ? shortId(model.sourceRunId) : ''}
          />
        </Fact>
        <Fact name="Registered as">
          {model.registrations.length === 0
            ? 'nothing yet'
            : model.registrations.map(({ name, version }, index) => (
                <span key={`${name} ${version}`}>
                  {index > 0 && ', '}
                  <RowLink to={pathOf({ kind: 'model', name, version })}>
                    {name}@{version}
                  </RowLink>
                </span>
              ))}
        </Fact>
        <Fact name="Id">
          <span className="mono">{model.id}</span>
        </Fact>
      </Summary>
      <div style={{ marginBottom: 14 }}>
        <CommandLine>{`model = mlflow.pyfunc.load_model("models:/${model.id}")`}</CommandLine>
      </div>
    </>
  );
}

type Metric = LoggedModel['metrics'][number];

const metricColumns: readonly DataColumn<Metric>[] = [
  { id: 'key', title: 'Metric', value: (metric) => metric.key },
  {
    id: 'value',
    title: 'Value',
    value: (metric) => metric.value,
    cell: (metric) => <Figure value={metric.value} />,
    align: 'right',
    width: 120,
  },
  {
    id: 'dataset',
    title: 'On dataset',
    value: (metric) => metric.datasetName,
    cell: ({ datasetName, datasetDigest }) => (
      <span title={datasetDigest ?? undefined}>{datasetName ?? 'not said'}</span>
    ),
    width: 200,
  },
  {
    id: 'run',
    title: 'Measured by',
    value: (metric) => metric.runId,
    cell: (metric) => <ReferenceLink kind="run" to={metric.runId} text={shortId(metric.runId)} />,
    width: 130,
  },
  {
    id: 'at',
    title: 'When',
    value: (metric) => metric.timestamp,
    cell: (metric) => <Time at={metric.timestamp} />,
    align: 'right',
    width: 110,
  },
];

const toTabs = (model: LoggedModel) => [
  {
    id: 'metrics',
    title: 'Metrics',
    count: model.metrics.length,
    render: () => (
      <DataTable
        label="metrics"
        rows={model.metrics}
        columns={metricColumns}
        rowKey={(metric) => `${metric.key} ${metric.runId} ${metric.datasetName} ${metric.datasetDigest}`}
        empty={<EmptyState>No run measured this model.</EmptyState>}
      />
    ),
  },
  {
    id: 'parameters',
    title: 'Parameters',
    count: Object.keys(model.parameters).length,
    render: () => (
      <FieldsTable
        isSearched
        label="parameters"
        fields={model.parameters}
        none="This model has no parameter."
      />
    ),
  },
  { id: 'files', title: 'Files', render: () => <Files id={model.id} /> },
  {
    id: 'tags',
    title: 'Tags',
    count: Object.keys(model.tags).length,
    render: () => <FieldsTable isSearched label="tags" fields={model.tags} none="This model has no tag." />,
  },
  { id: 'lineage', title: 'Lineage', render: () => <LineagePanel uri={`logged-model:${model.id}`} /> },
];

const toSource = (id: string): FileSource => ({
  key: ['loggedModels', 'artifacts', id],
  list: async (path) =>
    (await client().loggedModels.listLoggedModelArtifacts(path ? { id, path } : { id })).files,
  read: (path, signal) =>
    client().loggedModels.getLoggedModelArtifact({ id, path }, signal ? { signal } : {}),
  address: (path) => `/api/v1/logged-models/${id}/artifact?path=${encodeURIComponent(path)}`,
});

function Files({ id }: { readonly id: string }) {
  const source = useMemo(() => toSource(id), [id]);
  return (
    <FileBrowser source={source} empty={<EmptyState>No file of this model has arrived yet.</EmptyState>} />
  );
}
