import { useQuery } from '@tanstack/react-query';
import type { ColumnProfile } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Histogram } from '../../../components/Histogram.tsx';
import { ask } from '../../../lib/client.ts';
import { formatShare, formatValue } from '../../../lib/format.ts';

const number = (
  id: string,
  title: string,
  value: (column: ColumnProfile) => number | null | undefined,
  hidden = false,
): DataColumn<ColumnProfile> => ({
  id,
  title,
  value,
  cell: (column) => <Figure value={value(column)} />,
  align: 'right',
  width: 105,
  hidden,
});

const extreme = (id: 'minimum' | 'maximum', title: string): DataColumn<ColumnProfile> => ({
  id,
  title,
  value: (column) => column[id],
  cell: (column) => {
    const value = column[id];
    if (typeof value === 'number') return <Figure value={value} />;
    return <span title={value ?? ''}>{formatValue(value)}</span>;
  },
  align: 'right',
  width: 115,
});

const columns: readonly DataColumn<ColumnProfile>[] = [
  { id: 'column', title: 'Column', value: (column) => column.column },
  { id: 'type', title: 'Type', value: (column) => column.type, width: 100 },
  {
    id: 'histogram',
    title: 'Distribution',
    value: () => null,
    cell: (column) => column.histogram && <Histogram {...column.histogram} />,
    width: 170,
  },
  {
    id: 'nulls',
    title: 'Null',
    value: (column) => column.nulls,
    cell: (column) => (column.count > 0 ? formatShare(column.nulls / column.count) : '–'),
    align: 'right',
    width: 80,
  },
  {
    id: 'distinct',
    title: 'Distinct',
    value: (column) => column.distinct,
    cell: (column) => <Figure count value={column.distinct} />,
    align: 'right',
    width: 95,
  },
  extreme('minimum', 'Minimum'),
  number('median', 'Median', (column) => column.quartiles?.[1]),
  extreme('maximum', 'Maximum'),
  number('mean', 'Mean', (column) => column.mean),
  number('deviation', 'Deviation', (column) => column.standardDeviation),
  number('lower', 'Lower quartile', (column) => column.quartiles?.[0], true),
  number('upper', 'Upper quartile', (column) => column.quartiles?.[2], true),
  {
    id: 'top',
    title: 'Most frequent',
    value: (column) => column.top?.map(({ value, count }) => `${value} (${count})`).join(', '),
  },
];

interface ProfilePanelProps {
  readonly name: string;
  readonly version: string;
}

/** A plain profile, a row per column. */
export function ProfilePanel({ name, version }: ProfilePanelProps) {
  const profile = useQuery({
    ...ask('profiling', 'get', { name, version }),
    // A version never changes, so neither does its profile.
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Answer of={profile} height={320}>
      {(value) => (
        <DataTable
          label="columns"
          rows={value.columns}
          columns={columns}
          rowKey={(column) => column.column}
        />
      )}
    </Answer>
  );
}
