import { useQuery } from '@tanstack/react-query';
import type { ErasureHolder, SubjectPlace } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { Consequences } from './FoundSubject.tsx';

const holderColumns: readonly DataColumn<ErasureHolder>[] = [
  { id: 'holder', title: 'Holder', value: (each) => each.holder, width: 130 },
  {
    id: 'state',
    title: 'State',
    value: (each) => each.state,
    cell: (each) => (
      <StatusBadge state={each.state === 'erased' ? 'succeeded' : 'running'} word={each.state} />
    ),
    width: 100,
  },
  { id: 'rows', title: 'Rows', value: (each) => each.rows, align: 'right', width: 90 },
  {
    id: 'kept',
    title: 'Files kept by others',
    value: (each) => (each.kept === 0 ? null : each.kept),
    align: 'right',
    width: 150,
  },
  { id: 'error', title: 'Problem, tried again', value: (each) => each.error },
  {
    id: 'at',
    title: 'Acknowledged',
    value: (each) => each.acknowledgedAt,
    cell: (each) => <Time at={each.acknowledgedAt} />,
    align: 'right',
    width: 130,
  },
];

const placeColumns: readonly DataColumn<SubjectPlace>[] = [
  {
    id: 'what',
    title: 'Erased from',
    value: (each) => each.what,
    cell: (each) => <ReferenceLink to={each.what} />,
  },
  { id: 'rows', title: 'Rows', value: (each) => each.rows, align: 'right', width: 90 },
  { id: 'old', title: 'Digest erased', value: (each) => each.oldDigest?.slice(0, 12) ?? null, width: 140 },
  { id: 'new', title: 'Digest now', value: (each) => each.newDigest?.slice(0, 12) ?? null, width: 140 },
];

const pollMs = 1_000;

/** Who has erased what, and who has not yet. */
export function ErasureDetail({ id }: { readonly id: string }) {
  const erasure = useQuery({
    ...ask('subjects', 'get', { id }),
    refetchInterval: ({ state }) => (state.data?.state === 'done' ? false : pollMs),
  });
  return (
    <Panel title={`Erasure ${id}`}>
      <Answer of={erasure}>
        {(found) => (
          <div className="stack">
            <div className="dim">
              {found.state === 'done'
                ? 'All have erased it.'
                : `Not yet erased by ${found.waiting.join(', ')}.`}
            </div>
            <DataTable
              plain
              label="holders"
              rows={found.holders}
              columns={holderColumns}
              rowKey={(each) => each.holder}
              empty={<EmptyState>Nobody keeps rows.</EmptyState>}
            />
            <DataTable
              plain
              label="erased from"
              rows={found.holders.flatMap(({ places }) => places)}
              columns={placeColumns}
              rowKey={(each) => `${each.what} ${each.oldDigest ?? ''}`}
              empty={<EmptyState>No row was there.</EmptyState>}
            />
            <Consequences models={found.models} derived={found.derived} remains={found.remains} />
          </div>
        )}
      </Answer>
    </Panel>
  );
}
