import type { Dataset } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { useList } from '../../../lib/pages.ts';
import { BuildsPanel } from './BuildsPanel.tsx';
import { References } from './definition-facts.tsx';

const inputsOf = ({ inputs }: Dataset, kind: string) => inputs.filter((uri) => uri.startsWith(`${kind}:`));

const inputs = (kind: string, title: string): DataColumn<Dataset> => ({
  id: kind,
  title,
  value: (dataset) => inputsOf(dataset, kind).join(' '),
  cell: (dataset) => <References to={inputsOf(dataset, kind)} />,
});

const columns: readonly DataColumn<Dataset>[] = [
  {
    id: 'latest',
    title: 'Training set',
    value: ({ name }) => name,
    cell: ({ name, latestVersion }) => <ReferenceLink kind="dataset" to={`${name}@${latestVersion}`} />,
    width: 220,
  },
  inputs('view', 'Views'),
  inputs('service', 'Service'),
  inputs('dataset', 'Read'),
  {
    id: 'rows',
    title: 'Rows',
    value: ({ rows }) => rows,
    cell: ({ rows }) => <Figure count value={rows} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'updated',
    title: 'Built',
    value: ({ updatedAt }) => updatedAt,
    cell: ({ updatedAt }) => <Time at={updatedAt} />,
    align: 'right',
    width: 110,
  },
];

/** Datasets whose newest version was built of entity rows and views. */
export function TrainingSetsScreen() {
  const list = useList('datasets', 'list', { madeBy: 'training-set' });
  return (
    <>
      <PageHeader
        title="Training sets"
        about="Entity rows, each with what was known of it at its time. A training set is a dataset version."
        asked={list.asked}
      />
      <div className="stack">
        <BuildsPanel />
        <ListTable
          label="training sets"
          list={list}
          columns={columns}
          rowKey={({ name }) => name}
          minimumWidth={980}
          empty={
            <EmptyState command="tidemill features training-set training-set.json">
              No training set was built yet.
            </EmptyState>
          }
        />
      </div>
    </>
  );
}
