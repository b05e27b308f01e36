import { formatValue } from '../lib/format.ts';
import { DataTable } from './DataTable.tsx';
import type { DataColumn } from './data-column.tsx';
import { EmptyState } from './EmptyState.tsx';
import { LinkedText } from './ReferenceLink.tsx';

interface Field {
  readonly name: string;
  readonly value: unknown;
}

const columns: readonly DataColumn<Field>[] = [
  { id: 'name', title: 'Name', value: (field) => field.name },
  {
    id: 'value',
    title: 'Value',
    value: (field) => formatValue(field.value),
    cell: (field) => (
      <span className={typeof field.value === 'object' ? 'mono' : 'number'} title={formatValue(field.value)}>
        <LinkedText>{formatValue(field.value)}</LinkedText>
      </span>
    ),
  },
];

interface FieldsTableProps {
  readonly label: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly none: string;
  /** With a filter, for what may be many. */
  readonly isSearched?: boolean;
}

/** Names and values: parameters, tags, a policy. */
export function FieldsTable({ label, fields, none, isSearched = false }: FieldsTableProps) {
  const rows = Object.entries(fields).map(([name, value]) => ({ name, value }));
  return (
    <DataTable
      plain={!isSearched}
      label={label}
      rows={rows}
      columns={columns}
      rowKey={(field) => field.name}
      empty={<EmptyState>{none}</EmptyState>}
    />
  );
}
