import type { RowData } from '@tanstack/react-table';
import classes from './DataTable.module.css';
import type { DataColumn } from './data-column.tsx';

type Order = false | 'asc' | 'desc';

interface HeaderCellProps<T extends RowData> {
  readonly column: DataColumn<T> | undefined;
  readonly order: Order;
  /** Absent where the column cannot be sorted by. */
  readonly toggle: ((event: unknown) => void) | undefined;
}

/** The head of a table's column; a button where it sorts. */
export function HeaderCell<T extends RowData>({ column, order, toggle }: HeaderCellProps<T>) {
  const words = (
    <>
      {column?.title}
      {column?.unit && <span className="unit">{column.unit}</span>}
    </>
  );
  const sorted = order === 'asc' ? 'ascending' : order === 'desc' ? 'descending' : 'none';
  return (
    <th
      scope="col"
      data-align={column?.align}
      aria-sort={toggle ? sorted : undefined}
      title={column?.title || undefined}
    >
      {toggle ? (
        <button type="button" className={classes.sort} onClick={toggle}>
          {column?.align === 'right' && <OrderMark order={order} />}
          {words}
          {column?.align !== 'right' && <OrderMark order={order} />}
        </button>
      ) : (
        words
      )}
    </th>
  );
}

const OrderMark = ({ order }: { readonly order: Order }) => (
  <span className={classes.order} aria-hidden="true">
    {order === 'asc' ? '↑' : order === 'desc' ? '↓' : ''}
  </span>
);
