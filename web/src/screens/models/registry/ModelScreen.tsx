import { useQuery } from '@tanstack/react-query';
import type { ModelVersion } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { useList } from '../../../lib/pages.ts';
import { useParam } from '../../../lib/url-state.ts';
import { AliasLine } from './AliasLine.tsx';
import { GateRules } from './GateRules.tsx';

const columns: readonly DataColumn<ModelVersion>[] = [
  {
    id: 'version',
    title: 'Version',
    value: (version) => version.version,
    cell: (version) => <ReferenceLink to={version.uri} text={version.reference} />,
    width: 160,
  },
  {
    id: 'approval',
    title: 'Approval',
    value: (version) => version.approval,
    cell: (version) => <StatusBadge state={version.approval} />,
    width: 120,
  },
  { id: 'aliases', title: 'Aliases', value: (version) => version.aliases.join(', '), width: 150 },
  {
    id: 'mae',
    title: 'mae',
    value: (version) => version.metrics.mae,
    cell: (version) => <Figure value={version.metrics.mae} />,
    align: 'right',
    width: 100,
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
        about={model.data?.description}
      />
      <Answer of={model} height={48}>
        {(value) => (
          <Summary>
            <Fact name="Versions">{value.latestVersion}</Fact>
            <Fact name="Aliases">
              {Object.keys(value.aliases).length === 0 ? 'none' : <AliasLine model={value} />}
            </Fact>
            <Fact name="Created">
              <Time at={value.createdAt} />
            </Fact>
          </Summary>
        )}
      </Answer>
      <Detail
        tabs={[
          { id: 'versions', title: 'Versions', render: () => <Versions name={name} /> },
          { id: 'gate', title: 'Gate', render: () => <GateRules model={name} /> },
        ]}
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
