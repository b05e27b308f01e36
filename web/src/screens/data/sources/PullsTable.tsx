import { useQuery } from '@tanstack/react-query';
import type { Source, SourcePull } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { absent, formatBytes } from '../../../lib/format.ts';
import { isUnderWay, PullState } from './PullState.tsx';

const liveMs = 500;
/** As many as the server keeps. */
const kept = 200;

const columns: readonly DataColumn<SourcePull>[] = [
  {
    id: 'at',
    title: 'Begun',
    value: (pull) => pull.createdAt,
    cell: (pull) => <Time at={pull.createdAt} />,
    width: 120,
  },
  {
    id: 'state',
    title: 'State',
    value: (pull) => pull.state,
    cell: (pull) => <PullState pull={pull} />,
    width: 160,
  },
  {
    id: 'version',
    title: 'Version',
    value: (pull) => pull.version ?? '',
    cell: ({ version }) => <ReferenceLink kind="dataset" to={version} />,
    width: 150,
  },
  {
    id: 'rows',
    title: 'New rows',
    value: (pull) => pull.rows ?? 0,
    cell: ({ rows }) => (rows === null ? absent : <Figure count value={rows} />),
    align: 'right',
    width: 100,
  },
  {
    id: 'bytes',
    title: 'Read',
    value: (pull) => pull.bytes ?? 0,
    cell: ({ bytes }) => (bytes === null ? absent : formatBytes(bytes)),
    align: 'right',
    width: 100,
  },
  { id: 'cursor', title: 'Up to', value: (pull) => pull.cursor?.to ?? '', width: 190 },
  {
    id: 'error',
    title: 'Said',
    value: (pull) => pull.error?.message ?? '',
    cell: ({ error }) => <span title={error?.message}>{error?.message ?? ''}</span>,
  },
  { id: 'by', title: 'By', value: (pull) => pull.createdBy, width: 130 },
];

export function PullsTable({ source: { name, lastPull } }: { readonly source: Source }) {
  // The newest pull is part of the key: a new one or another state of it is a list of its own.
  const asked = ask('sources', 'listPulls', { name, limit: kept });
  const pulls = useQuery({
    ...asked,
    queryKey: [...asked.queryKey, lastPull?.id, lastPull?.state] as unknown as typeof asked.queryKey,
    placeholderData: (before) => before,
    refetchInterval: ({ state }) => (isUnderWay(state.data?.items[0]) ? liveMs : false),
  });
  return (
    <Answer of={pulls} height={320}>
      {({ items }) => (
        <DataTable
          label="pulls"
          rows={items}
          columns={columns}
          rowKey={(pull) => pull.id}
          empty={<EmptyState command={`tidemill sources pull ${name}`}>It was not pulled yet.</EmptyState>}
        />
      )}
    </Answer>
  );
}
