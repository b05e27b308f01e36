import { type RowData, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useMemo, useRef } from 'react';
import { formatSort, formatVisibility, parseSort, parseVisibility } from '../lib/search.ts';
import { useScreenSearch } from '../lib/url-state.ts';
import classes from './DataTable.module.css';
import { type DataColumn, features, toDefinition } from './data-column.tsx';
import { HeaderCell } from './HeaderCell.tsx';
import { TableTools } from './TableTools.tsx';

interface DataTableProps<T extends RowData> {
  readonly label: string;
  readonly rows: readonly T[];
  readonly columns: readonly DataColumn<T>[];
  readonly rowKey: (row: T) => string;
  /** Shown instead of an empty table. */
  readonly empty?: ReactNode;
  /** A table beside others on a screen: no tools, and nothing of it in the address. */
  readonly plain?: boolean;
  /** In place of the filter over loaded rows: one that the server answers. */
  readonly filterBar?: ReactNode;
  /** Below the rows: what is not loaded yet. */
  readonly footer?: ReactNode;
  readonly maximumHeight?: string;
  /** Scrolled sideways rather than squeezed below it. */
  readonly minimumWidth?: number;
}

const rowHeight = 31;
const never: readonly never[] = [];

/** A virtualised table; filter, order and columns stand in the address. */
export function DataTable<T extends RowData>(props: DataTableProps<T>) {
  const { rows, columns, plain } = props;
  const [search, change] = useScreenSearch();
  const definitions = useMemo(() => columns.map(toDefinition), [columns]);
  const sort = plain ? null : parseSort(search.sort);
  const visibility = useMemo(
    () => parseVisibility(plain ? undefined : search.columns, columns),
    [plain, search.columns, columns],
  );
  const table = useTable({
    features,
    columns: definitions,
    data: rows.length > 0 ? rows : never,
    getRowId: props.rowKey,
    state: {
      sorting: sort ? [sort] : [],
      globalFilter: plain || props.filterBar ? '' : (search.q ?? ''),
      columnVisibility: visibility,
    },
    onSortingChange: (update) => {
      const next = typeof update === 'function' ? update(sort ? [sort] : []) : update;
      change({ sort: formatSort(next[0]) });
    },
    enableSorting: !plain,
    globalFilterFn: 'includesString',
    getColumnCanGlobalFilter: () => true,
  });
  if (rows.length === 0 && props.empty)
    return props.filterBar ? (
      <div className="stack">
        {props.filterBar}
        {props.empty}
      </div>
    ) : (
      props.empty
    );
  const shown = table.getRowModel().rows;
  return (
    <div>
      {!plain && (
        <TableTools
          label={props.label}
          columns={columns}
          visibility={visibility}
          filterBar={props.filterBar}
          filter={search.q ?? ''}
          shown={shown.length}
          total={rows.length}
          onFilter={(q) => change({ q: q || undefined })}
          onColumns={(next) => change({ columns: formatVisibility(next, columns) })}
        />
      )}
      <Body {...props} table={table} />
      {props.footer}
    </div>
  );
}

type TableOf<T extends RowData> = ReturnType<typeof useTable<typeof features, T>>;

function Body<T extends RowData>({
  table,
  columns,
  label,
  maximumHeight,
  minimumWidth,
}: DataTableProps<T> & { table: TableOf<T> }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = table.getRowModel().rows;
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);
  const byId = new Map(columns.map((column) => [column.id, column]));
  const headers = table.getHeaderGroups()[0]?.headers ?? [];
  return (
    <div ref={scroller} className={classes.scroller} style={{ maxHeight: maximumHeight }}>
      <table
        className={classes.table}
        style={{ minWidth: minimumWidth }}
        data-pinned={minimumWidth ? 'first' : undefined}
        aria-label={label}
        aria-rowcount={rows.length}
      >
        <colgroup>
          {headers.map((header) => (
            <col key={header.id} style={{ width: byId.get(header.id)?.width }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {headers.map((header) => (
              <HeaderCell
                key={header.id}
                column={byId.get(header.id)}
                order={header.column.getIsSorted()}
                toggle={header.column.getCanSort() ? header.column.getToggleSortingHandler() : undefined}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <tr style={{ height: above }} />}
          {items.map(({ index }) => {
            const row = rows[index];
            if (!row) return null;
            return (
              <tr key={row.id}>
                {row.getVisibleCells().map((cell) => (
                  <td key={cell.id} data-align={byId.get(cell.column.id)?.align}>
                    <table.FlexRender cell={cell} />
                  </td>
                ))}
              </tr>
            );
          })}
          {below > 0 && <tr style={{ height: below }} />}
        </tbody>
      </table>
    </div>
  );
}
