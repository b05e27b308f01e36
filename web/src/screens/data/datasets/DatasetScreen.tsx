import { useQuery } from '@tanstack/react-query';
import type { DatasetVersion } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { formatBytes } from '../../../lib/format.ts';
import { useList } from '../../../lib/pages.ts';
import { useParam } from '../../../lib/url-state.ts';
import { DiffPanel } from './DiffPanel.tsx';

const columns: readonly DataColumn<DatasetVersion>[] = [
  {
    id: 'version',
    title: 'Version',
    value: (version) => version.version,
    cell: (version) => <ReferenceLink to={version.uri} text={version.reference} />,
    width: 170,
  },
  {
    id: 'rows',
    title: 'Rows',
    value: (version) => version.rows,
    cell: (version) => <Figure count value={version.rows} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'bytes',
    title: 'Size',
    value: (version) => version.bytes,
    cell: (version) => formatBytes(version.bytes),
    align: 'right',
    width: 100,
  },
  { id: 'columns', title: 'Columns', value: (version) => version.columns.length, align: 'right', width: 90 },
  { id: 'tags', title: 'Tags', value: (version) => version.tags.join(', '), width: 140 },
  { id: 'message', title: 'Message', value: (version) => version.message },
  { id: 'source', title: 'Made by', value: (version) => version.provenance.kind, width: 120 },
  { id: 'by', title: 'By', value: (version) => version.createdBy, width: 120 },
  {
    id: 'created',
    title: 'Committed',
    value: (version) => version.createdAt,
    cell: (version) => <Time at={version.createdAt} />,
    align: 'right',
    width: 110,
  },
];

export function DatasetScreen() {
  const name = useParam('name');
  const asked = ask('datasets', 'get', { name });
  const dataset = useQuery(asked);
  return (
    <>
      <PageHeader
        title={name}
        trail={[{ text: 'Datasets', to: '/datasets' }]}
        about={dataset.data?.description}
        asked={asked}
      />
      <Answer of={dataset} height={48}>
        {(value) => (
          <>
            <Summary>
              <Fact name="Latest version">
                <ReferenceLink kind="dataset" to={`${name}@${value.latestVersion}`} />
              </Fact>
              <Fact name="Rows">
                <Figure count value={value.rows} />
              </Fact>
              <Fact name="Changed">
                <Time at={value.updatedAt} />
              </Fact>
            </Summary>
            <Detail
              tabs={[
                {
                  id: 'versions',
                  title: 'Versions',
                  count: value.latestVersion,
                  render: () => <Versions name={name} />,
                },
                {
                  id: 'diff',
                  title: 'Difference',
                  render: () => <DiffPanel name={name} latest={value.latestVersion} />,
                },
                {
                  id: 'lineage',
                  title: 'Lineage',
                  render: () => <LineagePanel uri={`dataset:${name}@${value.latestVersion}`} />,
                },
              ]}
            />
          </>
        )}
      </Answer>
    </>
  );
}

function Versions({ name }: { readonly name: string }) {
  const list = useList('datasets', 'listVersions', { name });
  return (
    <ListTable
      label="versions"
      list={list}
      columns={columns}
      rowKey={(version) => version.reference}
      empty={<EmptyState>No version.</EmptyState>}
    />
  );
}
