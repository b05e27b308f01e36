import type { Dataset } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { formatBytes } from '../../../lib/format.ts';
import { useList } from '../../../lib/pages.ts';
import { DeriveAction } from './DeriveAction.tsx';
import { UploadAction } from './UploadAction.tsx';

const columns: readonly DataColumn<Dataset>[] = [
  {
    id: 'name',
    title: 'Dataset',
    value: (dataset) => dataset.name,
    cell: (dataset) => <ReferenceLink kind="dataset" to={dataset.name} />,
    width: 240,
  },
  {
    id: 'latest',
    title: 'Latest version',
    value: (dataset) => dataset.latestVersion,
    cell: (dataset) => <ReferenceLink kind="dataset" to={`${dataset.name}@${dataset.latestVersion}`} />,
    width: 200,
  },
  {
    id: 'rows',
    title: 'Rows',
    value: (dataset) => dataset.rows,
    cell: (dataset) => <Figure count value={dataset.rows} />,
    align: 'right',
    width: 120,
  },
  {
    id: 'bytes',
    title: 'Size',
    value: (dataset) => dataset.bytes,
    cell: (dataset) => formatBytes(dataset.bytes),
    align: 'right',
    width: 110,
  },
  { id: 'madeBy', title: 'Made by', value: (dataset) => dataset.madeBy, width: 120 },
  { id: 'description', title: 'Description', value: (dataset) => dataset.description },
  {
    id: 'updated',
    title: 'Changed',
    value: (dataset) => dataset.updatedAt,
    cell: (dataset) => <Time at={dataset.updatedAt} />,
    align: 'right',
    width: 120,
  },
];

export function DatasetsScreen() {
  const list = useList('datasets', 'list', {});
  return (
    <>
      <PageHeader
        title="Datasets"
        about="Every commit is a version that never changes."
        actions={
          <>
            <UploadAction />
            <DeriveAction />
          </>
        }
        asked={list.asked}
      />
      <ListTable
        label="datasets"
        list={list}
        columns={columns}
        rowKey={(dataset) => dataset.name}
        empty={
          <EmptyState command="tidemill datasets commit prices.csv --name prices">
            No data was committed yet.
          </EmptyState>
        }
      />
    </>
  );
}
