import { Checkbox } from '@mantine/core';
import { useMemo } from 'react';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { absent, formatCount, formatNumber } from '../../../lib/format.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import classes from './Compare.module.css';
import type { ComparedRun } from './compare-rules.ts';
import { findBest, findDirection, type Row, toRows } from './compare-rules.ts';

const cellWidth = 160;
const keyWidth = 240;

interface TextsProps {
  readonly compared: readonly ComparedRun[];
  readonly what: 'parameters' | 'tags';
}

/** Parameters or tags, a column per run; what all share is left out until asked for. */
export function ComparedTexts({ compared, what }: TextsProps) {
  const rows = useMemo(() => toRows(compared.map(({ run }) => run[what])), [compared, what]);
  return <ComparedTable what={what} rows={rows} compared={compared} cell={(value) => value} />;
}

/** Latest values, the best of each marked where a metric's name says which end is good. */
export function ComparedMetrics({ compared }: { readonly compared: readonly ComparedRun[] }) {
  const rows = useMemo(() => toRows(compared.map(({ run }) => run.metrics)), [compared]);
  return (
    <ComparedTable
      what="metrics"
      rows={rows}
      compared={compared}
      align="right"
      cell={(value, row) => metricCell(value, row)}
    />
  );
}

function metricCell(value: number | null, row: Row<number | null>) {
  const isBest = value !== null && value === findBest(row);
  return (
    <span
      className={isBest ? `number ${classes.best}` : 'number'}
      title={isBest ? `${value}, the ${findDirection(row.key)}` : String(value)}
    >
      {formatNumber(value)}
    </span>
  );
}

interface TableProps<V> {
  readonly what: string;
  readonly rows: readonly Row<V>[];
  readonly compared: readonly ComparedRun[];
  readonly align?: 'right';
  readonly cell: (value: V, row: Row<V>) => React.ReactNode;
}

function ComparedTable<V>({ what, rows, compared, align, cell }: TableProps<V>) {
  const [search, change] = useScreenSearch();
  const isAll = search.state === 'all';
  const shown = useMemo(() => (isAll ? rows : rows.filter((row) => row.isDifferent)), [isAll, rows]);
  const columns = useMemo(
    () => [
      {
        id: 'key',
        title: 'Name',
        value: (row: Row<V>) => row.key,
        cell: (row: Row<V>) => <span title={row.key}>{row.key}</span>,
        width: keyWidth,
      },
      ...compared.map(
        ({ run, name }, index): DataColumn<Row<V>> => ({
          id: run.id,
          title: name,
          value: (row) => String(row.values[index] ?? ''),
          cell: (row) => {
            const value = row.values[index];
            if (value === undefined) return <span className="dim">{absent}</span>;
            return align ? cell(value, row) : <span title={String(value)}>{cell(value, row)}</span>;
          },
          ...(align && { align }),
          width: cellWidth,
        }),
      ),
    ],
    [compared, align, cell],
  );
  return (
    <>
      <div className={classes.tools}>
        <Checkbox
          label="Only differences"
          checked={!isAll}
          onChange={({ currentTarget }) => change({ state: currentTarget.checked ? undefined : 'all' })}
        />
        <span className="dim">
          {formatCount(shown.length)} of {formatCount(rows.length)}
        </span>
      </div>
      <DataTable
        plain
        label={what}
        rows={shown}
        columns={columns}
        rowKey={(row) => row.key}
        minimumWidth={keyWidth + compared.length * cellWidth}
        empty={
          <EmptyState>
            {rows.length === 0 ? `These runs have no ${what}.` : `These runs have the same ${what}.`}
          </EmptyState>
        }
      />
    </>
  );
}
