import { Button } from '@mantine/core';
import type { RowData } from '@tanstack/react-table';
import type { ReactNode } from 'react';
import { plural } from '../lib/format.ts';
import type { List } from '../lib/pages.ts';
import classes from './DataTable.module.css';
import { DataTable } from './DataTable.tsx';
import type { DataColumn } from './data-column.tsx';
import { ErrorNotice } from './ErrorNotice.tsx';

interface ListTableProps<T extends RowData> {
  readonly label: string;
  readonly list: List<T>;
  readonly columns: readonly DataColumn<T>[];
  readonly rowKey: (row: T) => string;
  readonly empty: ReactNode;
  /** A filter that the server answers. */
  readonly filterBar?: ReactNode;
  /** Scrolled sideways rather than squeezed below it. */
  readonly minimumWidth?: number;
}

/** A list of the server as a table: its first pages, and the way to the rest. */
export function ListTable<T extends RowData>({ list, ...table }: ListTableProps<T>) {
  if (!list.items) {
    if (list.error)
      return (
        <div className="stack">
          {table.filterBar}
          <ErrorNotice error={list.error} retry={list.retry} />
        </div>
      );
    return <div style={{ minHeight: 320 }} aria-busy="true" />;
  }
  const footer = list.hasMore && (
    <p className={classes.more}>
      <span>{plural(list.items.length, 'row')} loaded; filter and order cover these.</span>
      <Button onClick={list.loadMore} disabled={list.isLoadingMore}>
        Load more
      </Button>
    </p>
  );
  return <DataTable {...table} rows={list.items} footer={footer} />;
}
