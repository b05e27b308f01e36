import type { AuditEntry } from '@tidemill/sdk';
import { useMemo } from 'react';
import { DownloadLink } from '../../../components/DownloadLink.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { LinkedText, ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { client } from '../../../lib/client.ts';
import { formatExact } from '../../../lib/format.ts';
import { useList } from '../../../lib/pages.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { AuditFilterBar } from './AuditFilterBar.tsx';
import { type AuditFilter, filterOf } from './audit-filter.ts';
import { ChainPanel } from './ChainPanel.tsx';

const detailOf = (entry: AuditEntry) =>
  Object.entries(entry.detail)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ');

const columns: readonly DataColumn<AuditEntry>[] = [
  {
    id: 'position',
    title: 'Entry',
    value: (entry) => entry.position,
    cell: (entry) => <span title={entry.digest ?? undefined}>{entry.position ?? 'not sealed yet'}</span>,
    align: 'right',
    width: 80,
  },
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
  const [search] = useScreenSearch();
  const filter = useMemo(() => filterOf(search), [search]);
  const list = useList('audit', 'list', filter);
  return (
    <>
      <PageHeader
        title="Audit"
        about="Who did what, newest first. Entries are only added, and sealed into a chain."
        asked={list.asked}
        actions={<ExportLinks filter={filter} />}
      />
      <div className="stack">
        <ChainPanel />
        <ListTable
          label="audit"
          list={list}
          columns={columns}
          rowKey={(entry) => String(entry.id)}
          filterBar={<AuditFilterBar />}
          empty={
            <EmptyState>
              {Object.keys(filter).length > 0
                ? 'Nothing of that kind was recorded.'
                : 'Nothing was changed yet.'}
            </EmptyState>
          }
        />
      </div>
    </>
  );
}

function ExportLinks({ filter }: { readonly filter: AuditFilter }) {
  const link = (format: 'ndjson' | 'csv', name: string) => (
    <DownloadLink
      variant="subtle"
      fileName={`audit.${format}`}
      address={`/api/v1/audit/export?${new URLSearchParams(Object.entries({ ...filter, format }).map(([key, value]) => [key, String(value)]))}`}
      read={() => client().audit.export({ ...filter, format })}
    >
      {name}
    </DownloadLink>
  );
  return (
    <>
      {link('ndjson', 'Export')}
      {link('csv', 'As CSV')}
    </>
  );
}
