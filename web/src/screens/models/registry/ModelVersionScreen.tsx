import { useQuery } from '@tanstack/react-query';
import type { ModelVersion } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, type DetailTab, Fact, Summary } from '../../../components/Detail.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { FileBrowser } from '../../../components/FileBrowser.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { OwnerPanel } from '../../../components/OwnerPanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Thread } from '../../../components/Thread.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';
import { type FileSource, toEntries } from '../../../lib/file-source.ts';
import { formatBytes } from '../../../lib/format.ts';
import { modelUri } from '../../../lib/references.ts';
import { useParam } from '../../../lib/url-state.ts';
import { ApprovalActions } from './ApprovalActions.tsx';
import { ApprovalsPanel } from './ApprovalsPanel.tsx';
import { AssessmentsPanel } from './AssessmentsPanel.tsx';
import { CardPanel } from './CardPanel.tsx';
import { EnvironmentsPanel } from './EnvironmentsPanel.tsx';
import { InspectionPanel } from './InspectionPanel.tsx';
import { LifecyclePanel } from './LifecyclePanel.tsx';
import { LoadPanel } from './LoadPanel.tsx';
import { ScorePanel } from './ScorePanel.tsx';
import { StageLine } from './StageLine.tsx';
import { TestsPanel } from './TestsPanel.tsx';
import { VersionActions } from './VersionActions.tsx';
import { VersionEvaluations } from './VersionEvaluations.tsx';
import { VersionStudies } from './VersionStudies.tsx';

export function ModelVersionScreen() {
  const name = useParam('name');
  const version = useParam('version');
  const asked = ask('registry', 'getVersion', { name, version });
  const model = useQuery(asked);
  return (
    <Answer of={model}>
      {(value) => (
        <>
          <PageHeader
            title={value.reference}
            trail={[
              { text: 'Models', to: '/models' },
              { text: name, to: `/models/${encodeURIComponent(name)}` },
            ]}
            status={<StatusBadge state={value.approval} word={approvalWords[value.approval]} />}
            about={value.description}
            asked={asked}
            actions={
              <>
                <ApprovalActions model={value} />
                <VersionActions model={value} />
              </>
            }
          />
          <Facts model={value} />
          <Detail tabs={[...judgedTabs(value), ...insideTabs(value)]} />
        </>
      )}
    </Answer>
  );
}

const judgedTabs = (model: ModelVersion): DetailTab[] =>
  [
    {
      id: 'evaluations',
      title: 'Evaluations and gate',
      render: () => <VersionEvaluations model={model} />,
    },
    { id: 'assessments', title: 'Assessments', render: () => <AssessmentsPanel model={model} /> },
    { id: 'studies', title: 'Studies', render: () => <VersionStudies model={model} /> },
    { id: 'tests', title: 'Tests', render: () => <TestsPanel model={model} /> },
    { id: 'score', title: 'Test score', render: () => <ScorePanel model={model} /> },
    { id: 'approvals', title: 'Decisions', render: () => <Decisions model={model} /> },
    { id: 'lifecycle', title: 'Lifecycle', render: () => <LifecyclePanel model={model} /> },
    { id: 'card', title: 'Card', render: () => <CardPanel model={model} /> },
  ].map((tab) => ({ ...tab, group: 'How it was judged' }));

const insideTabs = (model: ModelVersion): DetailTab[] =>
  [
    { id: 'load', title: 'Use it', render: () => <LoadPanel model={model} /> },
    { id: 'inside', title: 'Signature', render: () => <InspectionPanel model={model} /> },
    { id: 'model', title: 'Model', render: () => <Inside model={model} /> },
    { id: 'files', title: 'Files', count: model.files.length, render: () => <Files model={model} /> },
    {
      id: 'tags',
      title: 'Tags',
      count: Object.keys(model.tags).length,
      render: () => <FieldsTable label="tags" fields={model.tags} none="This version has no tag." />,
    },
    { id: 'lineage', title: 'Lineage', render: () => <LineagePanel uri={model.uri} /> },
    { id: 'comments', title: 'Comments', render: () => <Talk model={model} /> },
  ].map((tab) => ({ ...tab, group: 'What it is' }));

const Talk = ({ model }: { readonly model: ModelVersion }) => (
  <div className="stack">
    <OwnerPanel subject={modelUri(model.model)} />
    <Thread subject={model.uri} />
  </div>
);

const Decisions = ({ model }: { readonly model: ModelVersion }) => (
  <div className="stack">
    <ApprovalsPanel model={model} />
    <EnvironmentsPanel model={model} />
  </div>
);

const approvalWords = {
  none: 'not decided',
  approved: 'approved',
  overridden: 'approved by override',
  refused: 'refused',
} as const;

function Facts({ model }: { readonly model: ModelVersion }) {
  return (
    <Summary>
      <Fact name="Aliases">{model.aliases.length > 0 ? model.aliases.join(', ') : 'none'}</Fact>
      <Fact name="State">
        <StatusBadge state={model.state} />
      </Fact>
      <Fact name="Stage">
        <StageLine stage={model.stage} />
      </Fact>
      <Fact name="Learned from">
        <ReferenceLink to={model.trainingSet} />
      </Fact>
      <Fact name="Run">
        <ReferenceLink kind="run" to={model.runId} text={model.runId ? shortId(model.runId) : ''} />
      </Fact>
      {model.loggedModel && (
        <Fact name="Logged model">
          <ReferenceLink kind="logged-model" to={model.loggedModel} text={shortId(model.loggedModel)} />
        </Fact>
      )}
      {model.source && (
        <Fact name="Source">
          <span className="mono">{model.source}</span>
        </Fact>
      )}
      <Fact name="Flavors">{model.flavors.join(', ') || 'unknown'}</Fact>
      {model.digest && <Fact name="Size">{formatBytes(model.size)}</Fact>}
      {model.warnings.length > 0 && <Fact name="Before you load it">{model.warnings.join(' ')}</Fact>}
      <Fact name="Registered">
        <Time at={model.createdAt} /> by {model.createdBy}
      </Fact>
      <Fact name="Digest">
        <span className="mono" title={model.digest ?? undefined}>
          {model.digest?.slice(0, 12) ?? 'no files here'}
        </span>
      </Fact>
    </Summary>
  );
}

function Inside({ model }: { readonly model: ModelVersion }) {
  const inputs = model.inputs.map(({ name, type }) => ({ input: name, type, ...model.trainingRange[name] }));
  return (
    <div className="columns">
      <Panel title="Inputs and the range they were learned on">
        <RowsTable label="inputs" rows={inputs} names={['input', 'type', 'minimum', 'maximum']} />
      </Panel>
      <div className="stack">
        <Panel title="Metrics of its run">
          <FieldsTable label="metrics" fields={model.metrics} none="Its run logged no metric." />
        </Panel>
        <Panel title="Recipe">
          <FieldsTable
            label="recipe"
            fields={model.recipe ?? {}}
            none="Not made by one of our learners, so it cannot be refitted here."
          />
        </Panel>
      </div>
    </div>
  );
}

const toSource = ({ model: name, version, files }: ModelVersion): FileSource => ({
  key: ['registry', 'files', name, version],
  list: async (path) => toEntries(files, path),
  read: (path, signal) =>
    client().registry.getFile({ name, version: String(version), path }, signal ? { signal } : {}),
  address: (path) =>
    `/api/v1/models/${encodeURIComponent(name)}/versions/${version}/file?path=${encodeURIComponent(path)}`,
});

function Files({ model }: { readonly model: ModelVersion }) {
  const source = useMemo(() => toSource(model), [model]);
  return (
    <FileBrowser
      source={source}
      empty={
        <EmptyState>
          The files of this version lie elsewhere: it was registered by its address alone.
        </EmptyState>
      }
    />
  );
}
