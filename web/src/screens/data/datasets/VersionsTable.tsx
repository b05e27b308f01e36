import type { DatasetVersion } from '@tidemill/sdk';
import { useMemo } from 'react';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { formatBytes, formatGain } from '../../../lib/format.ts';
import { useList } from '../../../lib/pages.ts';
import { MadeBy } from './VersionFacts.tsx';

/** Rows more or fewer than the version it was built on; null where that one is not loaded. */
function gainOf(version: DatasetVersion, rowsOf: ReadonlyMap<number, number>): number | null {
  if (version.parent === null) return version.rows;
  const before = rowsOf.get(version.parent);
  return before === undefined ? null : version.rows - before;
}

const toColumns = (rowsOf: ReadonlyMap<number, number>): readonly DataColumn<DatasetVersion>[] => [
  {
    id: 'version',
    title: 'Version',
    value: (version) => version.version,
    cell: (version) => <ReferenceLink to={version.uri} text={version.reference} />,
    width: 140,
  },
  {
    id: 'message',
    title: 'Message',
    value: (version) => version.message,
    cell: ({ message }) => <span title={message}>{message}</span>,
  },
  {
    id: 'validation',
    title: 'Validation',
    value: (version) => version.validation,
    cell: ({ validation }) => (validation === 'none' ? '–' : <StatusBadge state={validation} />),
    width: 100,
  },
  { id: 'tags', title: 'Tags', value: (version) => version.tags.join(', '), width: 100 },
  {
    id: 'rows',
    title: 'Rows',
    value: (version) => version.rows,
    cell: (version) => <Figure count value={version.rows} />,
    align: 'right',
    width: 90,
  },
  {
    id: 'gain',
    title: '± rows',
    value: (version) => gainOf(version, rowsOf),
    cell: (version) => <span className="number">{formatGain(gainOf(version, rowsOf))}</span>,
    align: 'right',
    width: 80,
  },
  {
    id: 'bytes',
    title: 'Size',
    value: (version) => version.bytes,
    cell: (version) => formatBytes(version.bytes),
    align: 'right',
    width: 90,
  },
  {
    id: 'stored',
    title: 'Stored',
    value: (version) => version.storedBytes,
    cell: (version) => formatBytes(version.storedBytes),
    align: 'right',
    width: 90,
  },
  {
    id: 'columns',
    title: 'Columns',
    value: (version) => version.columns.length,
    align: 'right',
    width: 90,
    hidden: true,
  },
  {
    id: 'source',
    title: 'Made by',
    value: (version) => [version.provenance.kind, ...version.provenance.inputs].join(' '),
    cell: (version) => <MadeBy version={version} />,
    width: 130,
  },
  { id: 'by', title: 'By', value: (version) => version.createdBy, width: 110, hidden: true },
  {
    id: 'created',
    title: 'Committed',
    value: (version) => version.createdAt,
    cell: (version) => <Time at={version.createdAt} />,
    align: 'right',
    width: 100,
  },
];

/** What became of a dataset, newest first. */
export function VersionsTable({ name }: { readonly name: string }) {
  const list = useList('datasets', 'listVersions', { name });
  const columns = useMemo(
    () => toColumns(new Map(list.items?.map(({ version, rows }) => [version, rows]))),
    [list.items],
  );
  return (
    <ListTable
      label="versions"
      list={list}
      columns={columns}
      rowKey={(version) => version.reference}
      minimumWidth={1040}
      empty={<EmptyState command={`tidemill datasets commit FILE --name ${name}`}>No version.</EmptyState>}
    />
  );
}
