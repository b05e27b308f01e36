import type { Column } from '@tidemill/sdk';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';

interface PlacedColumn extends Column {
  readonly place: number;
}

const columns: readonly DataColumn<PlacedColumn>[] = [
  { id: 'name', title: 'Column', value: (column) => column.name },
  { id: 'type', title: 'Type', value: (column) => column.type, width: 160 },
  { id: 'place', title: 'Place', value: (column) => column.place, align: 'right', width: 90 },
];

/** The columns of a version, in their order. */
export function SchemaPanel({ columns: list }: { readonly columns: readonly Column[] }) {
  return (
    <DataTable
      label="schema"
      rows={list.map((column, index) => ({ ...column, place: index + 1 }))}
      columns={columns}
      rowKey={(column) => String(column.place)}
      empty={<EmptyState>This version has no column.</EmptyState>}
    />
  );
}
