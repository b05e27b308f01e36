import type { ColumnDrift } from '@tidemill/sdk';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { StatusBadge, type Tone } from '../../../components/StatusBadge.tsx';
import { absent, formatShare } from '../../../lib/format.ts';

const tones: Readonly<Record<NonNullable<ColumnDrift['drift']>, Tone>> = {
  none: 'good',
  small: 'warn',
  large: 'bad',
};

const figure = (id: string, title: string, read: (column: ColumnDrift) => number | null | undefined) => ({
  id,
  title,
  value: read,
  cell: (column: ColumnDrift) => <Figure value={read(column)} digits={3} />,
  align: 'right' as const,
  width: 110,
});

const columns: readonly DataColumn<ColumnDrift>[] = [
  {
    id: 'column',
    title: 'Column',
    value: ({ column }) => column,
    cell: ({ column }) => <span title={column}>{column}</span>,
    width: 190,
  },
  {
    id: 'drift',
    title: 'Drift',
    value: ({ drift }) => drift,
    cell: ({ drift }) => (drift ? <StatusBadge state={drift} tone={tones[drift]} /> : absent),
    width: 100,
  },
  { id: 'change', title: 'Column is', value: ({ change }) => change, width: 100 },
  {
    id: 'type',
    title: 'Type',
    value: ({ typeBefore, typeAfter }) =>
      typeBefore && typeAfter && typeBefore !== typeAfter
        ? `${typeBefore} → ${typeAfter}`
        : (typeAfter ?? typeBefore),
    width: 130,
  },
  {
    id: 'nulls',
    title: 'Null',
    value: ({ nullsAfter }) => nullsAfter,
    cell: ({ nullsBefore, nullsAfter }) => `${formatShare(nullsBefore)} → ${formatShare(nullsAfter)}`,
    align: 'right',
    width: 170,
  },
  figure('psi', 'PSI', ({ psi }) => psi),
  figure('ks', 'KS', ({ ks }) => ks?.statistic),
  figure('p', 'p', ({ ks }) => ks?.pValue),
  figure('wasserstein', 'Wasserstein', ({ wasserstein }) => wasserstein),
];

/** How far each column moved, by every measure there is for it. */
export function DriftTable({ columns: rows }: { readonly columns: readonly ColumnDrift[] }) {
  return (
    <DataTable
      label="drift"
      rows={rows}
      columns={columns}
      rowKey={({ column }) => column}
      minimumWidth={1050}
      maximumHeight="420px"
    />
  );
}
