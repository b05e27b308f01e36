import { useMemo } from 'react';
import { formatValue } from '../lib/format.ts';
import { DataTable } from './DataTable.tsx';
import type { DataColumn } from './data-column.tsx';

type Row = Readonly<Record<string, unknown>>;

interface RowsTableProps {
  readonly label: string;
  readonly rows: readonly Row[];
  /** Order of the columns; without it that of the first row. */
  readonly names?: readonly string[];
  readonly maximumHeight?: string;
}

const isNumeric = (rows: readonly Row[], name: string) =>
  rows.some((row) => typeof row[name] === 'number') &&
  rows.every((row) => row[name] === null || row[name] === undefined || typeof row[name] === 'number');

const instant = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const isTime = (rows: readonly Row[], name: string) =>
  rows.some((row) => typeof row[name] === 'string' && instant.test(row[name]));

/** Rows of the user's own data, whose columns we learn from them. */
export function RowsTable({ label, rows, names, maximumHeight }: RowsTableProps) {
  const numbered = useMemo(() => rows.map((row, index) => ({ index, row })), [rows]);
  const columns = useMemo(() => {
    const shown = names ?? [...new Set(rows.flatMap((row) => Object.keys(row)))];
    return shown.map(
      (name): DataColumn<{ index: number; row: Row }> => ({
        id: name,
        title: name,
        value: ({ row }) => (typeof row[name] === 'number' ? row[name] : formatValue(row[name])),
        cell: ({ row }) => <span title={String(row[name] ?? '')}>{formatValue(row[name])}</span>,
        ...(isNumeric(rows, name) && { align: 'right' }),
        width: isTime(rows, name) ? 205 : 140,
      }),
    );
  }, [rows, names]);
  return (
    <DataTable
      plain
      label={label}
      rows={numbered}
      columns={columns}
      rowKey={(row) => String(row.index)}
      maximumHeight={maximumHeight ?? '420px'}
    />
  );
}
