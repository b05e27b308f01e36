import type { FeatureView } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { useList } from '../../../lib/pages.ts';

const columns: readonly DataColumn<FeatureView>[] = [
  {
    id: 'reference',
    title: 'Feature view',
    value: (view) => view.reference,
    cell: (view) => <ReferenceLink to={view.uri} text={view.reference} />,
    width: 220,
  },
  { id: 'entity', title: 'Entity', value: (view) => view.entity.join(', '), width: 140 },
  { id: 'features', title: 'Features', value: (view) => view.features.map(({ name }) => name).join(', ') },
  {
    id: 'datasets',
    title: 'Reads',
    value: (view) => view.datasets.join(', '),
    cell: (view) =>
      view.datasets.map((name, index) => (
        <span key={name}>
          {index > 0 && ', '}
          <ReferenceLink kind="dataset" to={name} />
        </span>
      )),
    width: 180,
  },
  { id: 'eventTime', title: 'Event time', value: (view) => view.eventTime, width: 130 },
  { id: 'by', title: 'By', value: (view) => view.createdBy, width: 120 },
  {
    id: 'created',
    title: 'Defined',
    value: (view) => view.createdAt,
    cell: (view) => <Time at={view.createdAt} />,
    align: 'right',
    width: 110,
  },
];

export function FeatureViewsScreen() {
  const list = useList('features', 'list', {});
  return (
    <>
      <PageHeader
        title="Feature views"
        about="One definition in SQL for training and for serving."
        asked={list.asked}
      />
      <ListTable
        label="feature views"
        list={list}
        columns={columns}
        rowKey={(view) => view.reference}
        empty={
          <EmptyState command="tidemill apply">
            No feature view is defined. Declare one in <code>tidemill.config.ts</code> and apply it.
          </EmptyState>
        }
      />
    </>
  );
}
