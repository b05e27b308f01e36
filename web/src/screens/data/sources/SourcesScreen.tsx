import { Link } from '@tanstack/react-router';
import type { Source } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { absent } from '../../../lib/format.ts';
import { useList } from '../../../lib/pages.ts';
import { CreateSourceAction } from './CreateSourceAction.tsx';
import { PullState } from './PullState.tsx';

const columns: readonly DataColumn<Source>[] = [
  {
    id: 'name',
    title: 'Source',
    value: (source) => source.name,
    cell: ({ name }) => <Link to={`/sources/${encodeURIComponent(name)}` as '/'}>{name}</Link>,
    width: 150,
  },
  { id: 'kind', title: 'Kind', value: (source) => source.from.kind, width: 90 },
  {
    id: 'location',
    title: 'Location',
    value: (source) => source.location,
    cell: ({ location }) => <span title={location}>{location}</span>,
  },
  {
    id: 'dataset',
    title: 'Dataset',
    value: (source) => source.dataset,
    cell: ({ dataset }) => <ReferenceLink kind="dataset" to={dataset} />,
    width: 140,
  },
  { id: 'mode', title: 'Mode', value: (source) => source.mode, width: 90 },
  {
    id: 'last',
    title: 'Last pull',
    value: (source) => source.lastPull?.state ?? '',
    cell: ({ lastPull }) => <PullState pull={lastPull} />,
    width: 150,
  },
  {
    id: 'at',
    title: 'Pulled',
    value: (source) => source.lastPull?.createdAt ?? 0,
    cell: ({ lastPull }) => (lastPull ? <Time at={lastPull.createdAt} /> : absent),
    align: 'right',
    width: 100,
  },
  {
    id: 'next',
    title: 'Next pull',
    value: (source) => source.nextPullAt ?? 0,
    cell: ({ nextPullAt }) => (nextPullAt === null ? absent : <Time at={nextPullAt} />),
    align: 'right',
    width: 110,
  },
];

/** Where tables come from. */
export function SourcesScreen() {
  const list = useList('sources', 'list', {});
  return (
    <>
      <PageHeader
        title="Sources"
        about="Places that tables come from, pulled into dataset versions."
        actions={<CreateSourceAction />}
        asked={list.asked}
      />
      <ListTable
        label="sources"
        list={list}
        columns={columns}
        rowKey={(source) => source.name}
        empty={
          <EmptyState command="tidemill sources create prices --http https://example.org/prices.csv">
            No source was created yet.
          </EmptyState>
        }
      />
    </>
  );
}
