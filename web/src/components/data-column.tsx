import {
  type ColumnDef,
  columnFilteringFeature,
  columnVisibilityFeature,
  createFilteredRowModel,
  createSortedRowModel,
  filterFn_includesString,
  globalFilteringFeature,
  type RowData,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
} from '@tanstack/react-table';
import type { ReactNode } from 'react';
import { formatValue } from '../lib/format.ts';

export const features = tableFeatures({
  rowSortingFeature,
  columnFilteringFeature,
  globalFilteringFeature,
  columnVisibilityFeature,
  sortedRowModel: createSortedRowModel(),
  filteredRowModel: createFilteredRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
  filterFns: { includesString: filterFn_includesString },
});

export interface DataColumn<T extends RowData> {
  readonly id: string;
  readonly title: string;
  /** What the column is sorted and filtered by. */
  readonly value: (row: T) => string | number | boolean | null | undefined;
  readonly cell?: (row: T) => ReactNode;
  /** Numbers and times stand right. */
  readonly align?: 'right';
  readonly unit?: string;
  readonly width?: number | string;
  /** Not shown until asked for. */
  readonly hidden?: boolean;
}

/** The table library's form of a column; what is absent sorts last either way. */
export function toDefinition<T extends RowData>(column: DataColumn<T>): ColumnDef<typeof features, T> {
  return {
    id: column.id,
    accessorFn: (row: T) => column.value(row) ?? undefined,
    header: column.title,
    cell: ({ row }) => (column.cell ? column.cell(row.original) : formatValue(column.value(row.original))),
    sortFn: column.align === 'right' ? 'basic' : 'alphanumeric',
    sortUndefined: 'last',
  };
}
