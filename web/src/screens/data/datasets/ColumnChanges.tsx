import { useQuery } from '@tanstack/react-query';
import type { ColumnChange } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ask } from '../../../lib/client.ts';
import { formatCount, formatNumber } from '../../../lib/format.ts';
import type { AskedDiff } from './RowChanges.tsx';

const pair = (before: string, after: string) => (before === after ? before : `${before} → ${after}`);

const columns: readonly DataColumn<ColumnChange>[] = [
  { id: 'column', title: 'Column', value: (column) => column.column },
  { id: 'type', title: 'Type', value: (column) => column.type, width: 110 },
  {
    id: 'rows',
    title: 'Changed rows',
    value: (column) => column.changedRows,
    cell: (column) => <Figure count value={column.changedRows} />,
    align: 'right',
    width: 120,
  },
  {
    id: 'nulls',
    title: 'Null',
    value: (column) => column.distribution?.nulls.after,
    cell: ({ distribution }) =>
      distribution && pair(formatCount(distribution.nulls.before), formatCount(distribution.nulls.after)),
    align: 'right',
    width: 150,
  },
  {
    id: 'mean',
    title: 'Mean',
    value: (column) => column.distribution?.mean?.after,
    cell: ({ distribution }) =>
      distribution?.mean &&
      pair(formatNumber(distribution.mean.before), formatNumber(distribution.mean.after)),
    align: 'right',
    width: 170,
  },
  {
    id: 'psi',
    title: 'PSI',
    value: (column) => column.distribution?.psi,
    cell: (column) => <Measured column={column} value={column.distribution?.psi} />,
    align: 'right',
    width: 100,
  },
  {
    id: 'distance',
    title: 'Distance',
    value: (column) => column.distribution?.distance,
    cell: (column) => <Measured column={column} value={column.distribution?.distance} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'measure',
    title: 'Measured by',
    value: ({ distribution }) =>
      distribution && (distribution.measure === 'ks' ? 'Kolmogorov-Smirnov' : 'total variation'),
    width: 160,
  },
];

interface MeasuredProps {
  readonly column: ColumnChange;
  readonly value: number | null | undefined;
}

/** What comes from a sample says so. */
const Measured = ({ column, value }: MeasuredProps) => (
  <>
    {column.distribution?.approximate && typeof value === 'number' && '≈ '}
    <Figure value={value} />
  </>
);

/** In how many rows each column changed, and how far its distribution moved. */
export function ColumnChanges({ asked }: { readonly asked: AskedDiff }) {
  const found = useQuery(ask('datasets', 'diffColumns', asked));
  return (
    <Panel title="Columns">
      <Answer of={found}>
        {(value) => (
          <DataTable
            plain
            label="column changes"
            rows={value.columns}
            columns={columns}
            rowKey={({ column }) => column}
            maximumHeight="320px"
            empty={<EmptyState>No column is in both versions.</EmptyState>}
          />
        )}
      </Answer>
    </Panel>
  );
}
