import type { Monitor } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { useList } from '../../../lib/pages.ts';

const columns: readonly DataColumn<Monitor>[] = [
  {
    id: 'name',
    title: 'Monitor',
    value: (monitor) => monitor.name,
    cell: (monitor) => <ReferenceLink kind="monitor" to={monitor.name} />,
  },
  { id: 'kind', title: 'Kind', value: (monitor) => monitor.kind, width: 130 },
  {
    id: 'endpoint',
    title: 'Watches',
    value: (monitor) => monitor.view ?? monitor.endpoint,
    cell: (monitor) => (
      <ReferenceLink kind="endpoint" to={monitor.view ? `view:${monitor.view}` : monitor.endpoint} />
    ),
    width: 160,
  },
  {
    id: 'columns',
    title: 'Columns',
    value: (monitor) => monitor.columns?.join(', ') ?? 'all of the live model',
  },
  {
    id: 'reference',
    title: 'Held against',
    value: (monitor) => monitor.reference ?? 'the training set',
    cell: (monitor) =>
      monitor.reference ? <ReferenceLink kind="dataset" to={monitor.reference} /> : 'the training set',
    width: 160,
  },
  {
    id: 'window',
    title: 'Window',
    unit: 'rows',
    value: (monitor) => monitor.window,
    align: 'right',
    width: 130,
  },
  {
    id: 'created',
    title: 'Declared',
    value: (monitor) => monitor.createdAt,
    cell: (monitor) => <Time at={monitor.createdAt} />,
    align: 'right',
    width: 120,
  },
];

export function MonitorsScreen() {
  const list = useList('monitoring', 'list', {});
  return (
    <>
      <PageHeader
        title="Monitors"
        about="Thresholds follow from the null distribution at each window's size, so an alarm is worth hearing."
        asked={list.asked}
      />
      <ListTable
        label="monitors"
        list={list}
        columns={columns}
        rowKey={(monitor) => monitor.name}
        empty={
          <EmptyState command="tidemill apply">
            Nothing is watched yet. Declare monitors in <code>tidemill.config.ts</code> and apply it.
          </EmptyState>
        }
      />
    </>
  );
}
