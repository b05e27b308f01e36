import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ModelVersion, RegisteredModel } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { TagLine } from '../../../components/TagLine.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';
import { plural } from '../../../lib/format.ts';
import { useList } from '../../../lib/pages.ts';
import { pathOf } from '../../../lib/references.ts';
import { useParam } from '../../../lib/url-state.ts';
import { AliasLine } from './AliasLine.tsx';
import { GateRules } from './GateRules.tsx';
import { ModelLink } from './ModelLink.tsx';
import { StageLine } from './StageLine.tsx';
import { TextAction } from './TextAction.tsx';

const columns: readonly DataColumn<ModelVersion>[] = [
  {
    id: 'version',
    title: 'Version',
    value: (version) => version.version,
    cell: (version) => <ModelLink name={version.model} version={version.version} text={version.reference} />,
    width: 190,
  },
  { id: 'aliases', title: 'Aliases', value: (version) => version.aliases.join(', '), width: 150 },
  {
    id: 'stage',
    title: 'Stage',
    value: (version) => version.stage,
    cell: (version) => <StageLine stage={version.stage} />,
    width: 110,
  },
  {
    id: 'approval',
    title: 'Approval',
    value: (version) => version.approval,
    cell: (version) => <StatusBadge state={version.approval} />,
    width: 120,
  },
  {
    id: 'trainingSet',
    title: 'Learned from',
    value: (version) => version.trainingSet,
    cell: (version) => <ReferenceLink to={version.trainingSet} />,
  },
  {
    id: 'run',
    title: 'Run',
    value: (version) => version.runId,
    cell: (version) => (
      <ReferenceLink kind="run" to={version.runId} text={version.runId ? shortId(version.runId) : ''} />
    ),
    width: 120,
  },
  {
    id: 'tags',
    title: 'Tags',
    value: (version) => Object.values(version.tags).join(' '),
    cell: (version) => <TagLine tags={version.tags} />,
    width: 170,
  },
  {
    id: 'flavors',
    title: 'Flavors',
    value: (version) => version.flavors.join(', '),
    width: 170,
    hidden: true,
  },
  { id: 'description', title: 'Description', value: (version) => version.description, hidden: true },
  { id: 'by', title: 'By', value: (version) => version.createdBy, width: 120 },
  {
    id: 'created',
    title: 'Registered',
    value: (version) => version.createdAt,
    cell: (version) => <Time at={version.createdAt} />,
    align: 'right',
    width: 110,
  },
];

export function ModelScreen() {
  const name = useParam('name');
  const asked = ask('registry', 'get', { name });
  const model = useQuery(asked);
  return (
    <>
      <PageHeader
        title={name}
        trail={[{ text: 'Models', to: '/models' }]}
        asked={asked}
        {...(model.data && { about: model.data.description, actions: <ModelActions model={model.data} /> })}
      />
      <Answer of={model} height={48}>
        {(value) => (
          <>
            <Summary>
              <Fact name="Latest version">
                {value.latestVersion === 0 ? 'none' : <ModelLink name={name} version={value.latestVersion} />}
              </Fact>
              <Fact name="Aliases">
                {Object.keys(value.aliases).length === 0 ? 'none' : <AliasLine model={value} />}
              </Fact>
              <Fact name="Created">
                <Time at={value.createdAt} />
              </Fact>
              <Fact name="Changed">
                <Time at={value.updatedAt} />
              </Fact>
            </Summary>
            <ModelTabs model={value} />
          </>
        )}
      </Answer>
    </>
  );
}

function ModelTabs({ model }: { readonly model: RegisteredModel }) {
  const { name, tags } = model;
  return (
    <Detail
      tabs={[
        { id: 'versions', title: 'Versions', render: () => <Versions name={name} /> },
        {
          id: 'tags',
          title: 'Tags',
          count: Object.keys(tags).length,
          render: () => <FieldsTable label="tags" fields={tags} none="This model has no tag." />,
        },
        { id: 'gate', title: 'Gate', render: () => <GateRules model={name} /> },
      ]}
    />
  );
}

function ModelActions({ model }: { readonly model: RegisteredModel }) {
  const navigate = useNavigate();
  const { name } = model;
  return (
    <>
      <TextAction
        isLong
        name="Describe"
        about={`What ${name} is for.`}
        label="Description"
        initial={model.description}
        run={(description) => client().registry.update({ name, description })}
      />
      <TextAction
        name="Rename"
        about="Its versions, aliases and tags come along. A model that an endpoint serves keeps its name."
        label="New name"
        initial={name}
        run={(newName) => client().registry.rename({ name, newName })}
        onDone={(newName) =>
          void navigate({ to: pathOf({ kind: 'model', name: newName, version: null }), replace: true })
        }
      />
      <Action
        danger
        name="Delete"
        about={`${name} goes for good, and with it ${plural(model.latestVersion, 'version')} at most. It cannot be restored.`}
        reason="none"
        run={() => client().registry.delete({ name })}
        onDone={() => void navigate({ to: '/models' })}
      />
    </>
  );
}

function Versions({ name }: { readonly name: string }) {
  const list = useList('registry', 'listVersions', { name });
  return (
    <ListTable
      label="versions"
      list={list}
      columns={columns}
      rowKey={(version) => version.reference}
      empty={<EmptyState command={`tidemill models register ${name} --run RUN`}>No version yet.</EmptyState>}
    />
  );
}
