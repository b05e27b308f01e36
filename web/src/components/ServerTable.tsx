import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, useEffect, useRef } from 'react';
import { formatValue } from '../lib/format.ts';
import type { Sort } from '../lib/search.ts';
import classes from './DataTable.module.css';
import type { DataColumn } from './data-column.tsx';
import { HeaderCell } from './HeaderCell.tsx';

export interface ServerColumn<T extends object> extends DataColumn<T> {
  readonly width: number;
  /** Whether the server can put rows in its order. */
  readonly isSortable: boolean;
}

interface ServerTableProps<T extends object> {
  readonly label: string;
  /** As far as they are loaded, in the server's order. */
  readonly rows: readonly T[];
  readonly columns: readonly ServerColumn<T>[];
  readonly rowKey: (row: T) => string;
  readonly rowName: (row: T) => string;
  readonly sort: Sort | null;
  readonly onSort: (sort: Sort | null) => void;
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (id: string, isSelected: boolean) => void;
  /** Called when the last loaded rows come near. */
  readonly onEnd: () => void;
}

const rowHeight = 31;
const checkWidth = 36;
/** So many rows before the end of what is loaded, the next page is asked for. */
const lead = 60;

/** A virtualised table of more rows than a browser should hold at once: filter, order and pages are the server's. */
export function ServerTable<T extends object>(props: ServerTableProps<T>) {
  const { rows, columns, sort, selected } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const last = items.at(-1);
  const below = virtualizer.getTotalSize() - (last?.end ?? 0);
  const { onEnd, onSelect } = props;
  const isNearEnd = last !== undefined && last.index > rows.length - lead;
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each page the end moves, and may still be near
  useEffect(() => {
    if (isNearEnd) onEnd();
  }, [isNearEnd, rows.length, onEnd]);
  const width = columns.reduce((sum, column) => sum + column.width, checkWidth);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls it too
    <section ref={scroller} className={classes.scroller} aria-label={`${props.label}, rows`} tabIndex={0}>
      <table
        className={classes.table}
        style={{ minWidth: width }}
        data-pinned="true"
        aria-label={props.label}
        aria-rowcount={rows.length}
      >
        <colgroup>
          <col style={{ width: checkWidth }} />
          {columns.map((column) => (
            <col key={column.id} style={{ width: column.width }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            <th scope="col" aria-label="Selected" />
            {columns.map((column) => (
              <HeaderCell
                key={column.id}
                column={column}
                order={sort?.id === column.id && (sort.desc ? 'desc' : 'asc')}
                toggle={column.isSortable ? () => props.onSort(nextSort(column.id, sort)) : undefined}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <tr style={{ height: above }} />}
          {items.map(({ index }) => {
            const row = rows[index];
            if (!row) return null;
            const id = props.rowKey(row);
            return (
              <Row
                key={id}
                id={id}
                name={props.rowName(row)}
                row={row}
                columns={columns as readonly ServerColumn<object>[]}
                isSelected={selected.has(id)}
                onSelect={onSelect}
              />
            );
          })}
          {below > 0 && <tr style={{ height: below }} />}
        </tbody>
      </table>
    </section>
  );
}

/** Up, down, and back to the server's own order. */
function nextSort(id: string, sort: Sort | null): Sort | null {
  if (sort?.id !== id) return { id, desc: false };
  return sort.desc ? null : { id, desc: true };
}

interface RowProps {
  readonly id: string;
  readonly name: string;
  readonly row: object;
  readonly columns: readonly ServerColumn<object>[];
  readonly isSelected: boolean;
  readonly onSelect: (id: string, isSelected: boolean) => void;
}

/** Remembered: while one scrolls, only rows that come into view are drawn. */
const Row = memo(function Row({ id, name, row, columns, isSelected, onSelect }: RowProps) {
  return (
    <tr aria-selected={isSelected}>
      <td className={classes.check}>
        <input
          type="checkbox"
          aria-label={`Select ${name}`}
          checked={isSelected}
          onChange={(event) => onSelect(id, event.currentTarget.checked)}
        />
      </td>
      {columns.map((column) => (
        <td key={column.id} data-align={column.align}>
          {cellOf(column, row)}
        </td>
      ))}
    </tr>
  );
});

function cellOf(column: ServerColumn<object>, row: object): ReactNode {
  if (column.cell) return column.cell(row);
  const text = formatValue(column.value(row));
  return <span title={text}>{text}</span>;
}
