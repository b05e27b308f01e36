import type { EndpointRevision } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Action } from '../../../components/Action.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { LinkedText } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { client } from '../../../lib/client.ts';
import { useList } from '../../../lib/pages.ts';
import { VariantLine } from './VariantLine.tsx';

const columnsOf = (name: string): readonly DataColumn<EndpointRevision>[] => [
  { id: 'revision', title: 'Revision', value: (revision) => revision.revision, width: 100 },
  {
    id: 'state',
    title: 'State',
    value: (revision) => (revision.live ? 'live' : 'earlier'),
    cell: (revision) => <StatusBadge state={revision.live ? 'live' : 'earlier'} />,
    width: 100,
  },
  {
    id: 'variants',
    title: 'Answers',
    value: (revision) => revision.variants.map((variant) => variant.model).join(' '),
    cell: (revision) => <VariantLine variants={revision.variants} />,
  },
  {
    id: 'reason',
    title: 'Reason',
    value: (revision) => revision.reason,
    cell: (revision) => (
      <span title={revision.reason}>
        <LinkedText>{revision.reason}</LinkedText>
      </span>
    ),
  },
  { id: 'by', title: 'By', value: (revision) => revision.createdBy, width: 130 },
  {
    id: 'created',
    title: 'Written',
    value: (revision) => revision.createdAt,
    cell: (revision) => <Time at={revision.createdAt} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'rollback',
    title: '',
    value: () => null,
    cell: (revision) => !revision.live && <RollBack name={name} revision={revision} />,
    align: 'right',
    width: 120,
  },
];

/** All revisions; any earlier one can be made live again. */
export function RevisionsPanel({ name }: { readonly name: string }) {
  const list = useList('endpoints', 'listRevisions', { name });
  const columns = useMemo(() => columnsOf(name), [name]);
  return (
    <ListTable
      label="revisions"
      list={list}
      columns={columns}
      rowKey={(revision) => String(revision.revision)}
      empty={<EmptyState>No revision was written.</EmptyState>}
    />
  );
}

function RollBack({ name, revision }: { readonly name: string; readonly revision: EndpointRevision }) {
  return (
    <Action
      danger
      inRow
      name="Make live"
      about={
        <>
          Revision {revision.revision} of {name} answers again, in one step:{' '}
          <VariantLine variants={revision.variants} />.
        </>
      }
      run={(reason) => client().endpoints.rollback({ name, revision: revision.revision, reason })}
    />
  );
}
