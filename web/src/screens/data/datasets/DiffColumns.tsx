import { useQuery } from '@tanstack/react-query';
import type { ColumnChange } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ask } from '../../../lib/client.ts';
import { absent, formatCount, formatNumber, formatValue } from '../../../lib/format.ts';
import type { DiffQuery } from './diff-rules.ts';

type Column = DataColumn<ColumnChange>;

const beforeAfter = (
  id: string,
  title: string,
  read: (column: ColumnChange) => { readonly before: string; readonly after: string } | null,
  width = 150,
): Column => ({
  id,
  title,
  value: (column) => read(column)?.after,
  cell: (column) => {
    const sides = read(column);
    if (!sides) return absent;
    const text = sides.before === sides.after ? sides.after : `${sides.before} → ${sides.after}`;
    return <span title={text}>{text}</span>;
  },
  align: 'right',
  width,
});

const middle = ({ distribution }: ColumnChange) => {
  const quantiles = distribution?.quantiles;
  const index = quantiles?.levels.indexOf(0.5) ?? -1;
  if (!quantiles || index < 0) return null;
  const written = (value: unknown) => (typeof value === 'number' ? formatNumber(value) : formatValue(value));
  return { before: written(quantiles.before[index]), after: written(quantiles.after[index]) };
};

const columns: readonly Column[] = [
  {
    id: 'column',
    title: 'Column',
    value: ({ column }) => column,
    cell: ({ column }) => <span title={column}>{column}</span>,
    width: 200,
  },
  { id: 'type', title: 'Type', value: ({ type }) => type, width: 100 },
  {
    id: 'changed',
    title: 'Changed in',
    value: ({ changedRows }) => changedRows,
    cell: ({ changedRows }) => <Figure count value={changedRows} unit="rows" />,
    align: 'right',
    width: 120,
  },
  beforeAfter(
    'nulls',
    'Nulls',
    ({ distribution }) =>
      distribution && {
        before: formatCount(distribution.nulls.before),
        after: formatCount(distribution.nulls.after),
      },
    120,
  ),
  beforeAfter(
    'mean',
    'Mean',
    ({ distribution }) =>
      distribution?.mean
        ? { before: formatNumber(distribution.mean.before), after: formatNumber(distribution.mean.after) }
        : null,
    230,
  ),
  beforeAfter('median', 'Median', middle, 230),
  {
    id: 'psi',
    title: 'PSI',
    value: ({ distribution }) => distribution?.psi,
    cell: ({ distribution }) => <Figure value={distribution?.psi} digits={3} />,
    align: 'right',
    width: 100,
  },
  {
    id: 'distance',
    title: 'Distance',
    value: ({ distribution }) => distribution?.distance,
    cell: ({ distribution }) => (
      <Figure value={distribution?.distance} digits={3} unit={distribution?.measure === 'ks' ? 'KS' : 'TV'} />
    ),
    align: 'right',
    width: 120,
  },
  {
    id: 'exactness',
    title: '',
    value: ({ distribution }) => (distribution?.approximate ? 'approximate' : ''),
    width: 110,
  },
];

/** What changed column by column: in how many rows, and how far its values moved as a whole. */
export function DiffColumns({ query }: { readonly query: DiffQuery }) {
  const found = useQuery(ask('datasets', 'diffColumns', query));
  return (
    <Answer of={found} height={320}>
      {(value) => (
        <DataTable
          label="column changes"
          rows={value.columns}
          columns={columns}
          rowKey={({ column }) => column}
          minimumWidth={1210}
        />
      )}
    </Answer>
  );
}
