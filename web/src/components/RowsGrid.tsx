import { memo, useEffect } from 'react';
import { absent, formatCount } from '../lib/format.ts';
import { CellValue } from './CellValue.tsx';
import classes from './RowsGrid.module.css';
import { rowHeight, useRowWindow } from './use-row-window.ts';

export type GridRow = Readonly<Record<string, unknown>>;

export interface GridColumn {
  readonly name: string;
  readonly type: string;
}

interface RowsGridProps {
  readonly label: string;
  readonly count: number;
  readonly columns: readonly GridColumn[];
  /** Undefined while it is not loaded. */
  readonly rowAt: (index: number) => GridRow | undefined;
  /** Told which rows are seen, so that their owner loads them. */
  readonly onWindow?: (first: number, end: number) => void;
  /** Row that is shown first. */
  readonly from?: number;
  readonly maximumHeight?: string;
}

const numeric: ReadonlySet<string> = new Set(['integer', 'double']);

/** Wide enough for what such values usually are; a long text is cut, and whole on hover. */
const widths: Readonly<Record<string, number>> = {
  boolean: 90,
  integer: 110,
  double: 120,
  date: 110,
  timestamp: 205,
  text: 190,
};
const letterWidth = 7.6;
const widthOf = ({ name, type }: GridColumn) =>
  Math.max(widths[type] ?? 160, Math.min(240, Math.ceil(name.length * letterWidth) + 26));

/** Rows of any number, of which only those in sight are drawn, and only those near it need be loaded. */
export function RowsGrid(props: RowsGridProps) {
  const { label, count, columns, onWindow, rowAt } = props;
  const window = useRowWindow(count, props.from ?? 0);
  const { first, end } = window;
  useEffect(() => onWindow?.(first, end), [first, end, onWindow]);
  const numberWidth = Math.ceil(formatCount(count).length * letterWidth) + 26;
  const width = columns.reduce((sum, column) => sum + widthOf(column), numberWidth);
  const shown = Array.from({ length: end - first }, (_, index) => first + index);
  return (
    <section
      ref={window.scroller}
      className={classes.scroller}
      style={{ height: window.height, maxHeight: props.maximumHeight }}
      aria-label={`${label}, rows`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls it too
      tabIndex={0}
      onScroll={window.onScroll}
      onKeyDown={window.onKeyDown}
    >
      <div style={{ height: window.barHeight, minWidth: width }}>
        <div className={classes.view} style={{ height: window.viewHeight }}>
          <table
            className={classes.table}
            style={{ minWidth: width }}
            aria-label={label}
            aria-rowcount={count}
          >
            <colgroup>
              <col style={{ width: numberWidth }} />
              {columns.map((column) => (
                <col key={column.name} style={{ width: widthOf(column) }} />
              ))}
              {/* Takes the room that is left, so that few columns are not torn apart. */}
              <col />
            </colgroup>
            <thead>
              <tr>
                <th scope="col" className={classes.index}>
                  <span className={classes.hidden}>Row</span>
                </th>
                {columns.map((column) => (
                  <th
                    key={column.name}
                    scope="col"
                    data-align={numeric.has(column.type) ? 'right' : undefined}
                    title={`${column.name}: ${column.type}`}
                  >
                    {column.name}
                  </th>
                ))}
                <td />
              </tr>
            </thead>
            <tbody style={{ transform: `translateY(${-(window.top - first * rowHeight)}px)` }}>
              {shown.map((index) => (
                <Row key={index} index={index} row={rowAt(index)} columns={columns} />
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </section>
  );
}

interface RowProps {
  readonly index: number;
  readonly row: GridRow | undefined;
  readonly columns: readonly GridColumn[];
}

const Row = memo(function Row({ index, row, columns }: RowProps) {
  return (
    <tr aria-rowindex={index + 1} aria-busy={row === undefined}>
      <th scope="row" className={classes.index}>
        {formatCount(index + 1)}
      </th>
      {columns.map((column) => (
        <td key={column.name} data-align={numeric.has(column.type) ? 'right' : undefined}>
          {row ? <CellValue value={row[column.name]} /> : <span className={classes.waiting}>{absent}</span>}
        </td>
      ))}
      <td />
    </tr>
  );
});
