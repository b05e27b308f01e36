import type { ColumnProfile } from '@tidemill/sdk';
import { useEffect, useMemo, useRef } from 'react';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Histogram } from '../../../components/Histogram.tsx';
import { formatShare, formatValue } from '../../../lib/format.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { ColumnDetails } from './ColumnDetails.tsx';
import { placeOf } from './column-text.ts';
import classes from './Profiling.module.css';

type Column = DataColumn<ColumnProfile>;

const nullShare = ({ nulls, count }: ColumnProfile): number | null =>
  nulls + count > 0 ? nulls / (nulls + count) : null;

const figure = (
  id: string,
  title: string,
  value: (column: ColumnProfile) => number | null | undefined,
  hidden = false,
): Column => ({
  id,
  title,
  value,
  cell: (column) => <span className="number">{placeOf(column)(value(column))}</span>,
  align: 'right',
  width: 105,
  hidden,
});

const extreme = (id: 'minimum' | 'maximum', title: string): Column => ({
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

const described: readonly Column[] = [
  { id: 'kind', title: 'Kind', value: (column) => column.kind, width: 100 },
  { id: 'type', title: 'Type', value: (column) => column.type, width: 100, hidden: true },
  {
    id: 'histogram',
    title: 'Distribution',
    value: () => null,
    cell: (column) => column.histogram && <Histogram {...column.histogram} format={placeOf(column)} />,
    width: 170,
  },
  {
    id: 'nulls',
    title: 'Null',
    value: nullShare,
    cell: (column) => formatShare(nullShare(column)),
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
  figure('median', 'Median', (column) => column.quartiles?.[1]),
  extreme('maximum', 'Maximum'),
  figure('mean', 'Mean', (column) => column.mean),
  {
    id: 'deviation',
    title: 'Deviation',
    value: (column) => column.standardDeviation,
    cell: (column) => <Figure value={column.standardDeviation} />,
    align: 'right',
    width: 105,
  },
  figure('lower', 'Lower quartile', (column) => column.quartiles?.[0], true),
  figure('upper', 'Upper quartile', (column) => column.quartiles?.[2], true),
  {
    id: 'top',
    title: 'Most frequent',
    value: (column) => column.top?.map(({ value, count }) => `${value} (${count})`).join(', '),
    width: 220,
  },
];

/** A row per column; the one named in the address is opened below. */
export function ProfileColumns({ columns }: { readonly columns: readonly ColumnProfile[] }) {
  const [search, change] = useScreenSearch();
  const open = columns.find(({ column }) => column === search.column);
  const details = useRef<HTMLDivElement>(null);
  const name = open?.column;
  useEffect(() => {
    if (name === undefined) return;
    details.current?.scrollIntoView({ block: 'nearest' });
    details.current?.focus({ preventScroll: true });
  }, [name]);
  const shown = useMemo(
    (): readonly Column[] => [
      {
        id: 'column',
        title: 'Column',
        value: ({ column }) => column,
        cell: ({ column }) => (
          <button
            type="button"
            className={classes.open}
            aria-expanded={column === name}
            title={column}
            onClick={() => change({ column: column === name ? undefined : column })}
          >
            {column === '' ? 'without a name' : column}
          </button>
        ),
        width: 190,
      },
      ...described,
    ],
    [change, name],
  );
  return (
    <>
      <DataTable
        label="columns"
        rows={columns}
        columns={shown}
        rowKey={({ column }) => column}
        minimumWidth={1250}
        maximumHeight="520px"
      />
      {open && (
        <section ref={details} className={classes.details} tabIndex={-1} aria-label={`Column ${open.column}`}>
          <ColumnDetails key={open.column} column={open} onClose={() => change({ column: undefined })} />
        </section>
      )}
    </>
  );
}
