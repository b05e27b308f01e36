import type { AuditEntry } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { LinkedText, ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { formatExact } from '../../../lib/format.ts';
import { useList } from '../../../lib/pages.ts';

const detailOf = (entry: AuditEntry) =>
  Object.entries(entry.detail)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ');

const columns: readonly DataColumn<AuditEntry>[] = [
  {
    id: 'at',
    title: 'When',
    value: (entry) => formatExact(entry.at),
    cell: (entry) => <Time at={entry.at} />,
    width: 110,
  },
  { id: 'actor', title: 'Who', value: (entry) => entry.actor, width: 150 },
  { id: 'action', title: 'Did', value: (entry) => entry.action, width: 180 },
  {
    id: 'subject',
    title: 'To',
    value: (entry) => entry.subject,
    cell: (entry) => <ReferenceLink to={entry.subject} />,
    width: 260,
  },
  {
    id: 'detail',
    title: 'Detail',
    value: detailOf,
    cell: (entry) => (
      <span title={detailOf(entry)}>
        <LinkedText>{detailOf(entry)}</LinkedText>
      </span>
    ),
  },
];

export function AuditScreen() {
  const list = useList('access', 'listAudit', {});
  return (
    <>
      <PageHeader title="Audit" about="Who did what, newest first." asked={list.asked} />
      <ListTable
        label="audit"
        list={list}
        columns={columns}
        rowKey={(entry) => String(entry.id)}
        empty={<EmptyState>Nothing was changed yet.</EmptyState>}
      />
    </>
  );
}
