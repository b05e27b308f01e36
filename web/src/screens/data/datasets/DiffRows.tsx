import type { ChangeKind, DiffRow } from '@tidemill/sdk';
import { useMemo } from 'react';
import { CellValue } from '../../../components/CellValue.tsx';
import { DownloadLink } from '../../../components/DownloadLink.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { client } from '../../../lib/client.ts';
import { formatValue } from '../../../lib/format.ts';
import { toHttp } from '../../../lib/http-form.ts';
import { useList } from '../../../lib/pages.ts';
import classes from './Diff.module.css';
import type { DiffQuery } from './diff-rules.ts';

interface Numbered {
  readonly index: number;
  readonly row: DiffRow;
}

interface DiffRowsProps {
  readonly query: DiffQuery;
  readonly kind: ChangeKind;
  /** The key. */
  readonly names: readonly string[];
  readonly total: number;
}

/** Cells that are drawn at once stay some thousands, however wide a table is. */
const mostColumns = 40;

/** The rows of one kind of change, page by page. */
export function DiffRows({ query, kind, names, total }: DiffRowsProps) {
  const list = useList('datasets', 'diffRows', { ...query, kind });
  const items = useMemo(() => list.items?.map((row, index) => ({ index, row })), [list.items]);
  const columns = useMemo(() => toColumns(list.items ?? [], kind, names), [list.items, kind, names]);
  const file = { ...query, format: 'csv' as const };
  return (
    <Panel
      title={`Rows that were ${kind}`}
      aside={
        <DownloadLink
          variant="subtle"
          size="compact-xs"
          fileName={`${query.name}-${query.from}-${query.to}.csv`}
          address={toHttp({ queryKey: ['datasets', 'exportDiff', file] })?.path ?? ''}
          read={() => client().datasets.exportDiff(file)}
        >
          CSV of all
        </DownloadLink>
      }
    >
      <ListTable
        label={`${kind} rows`}
        list={{ ...list, items }}
        columns={columns}
        rowKey={({ index }) => String(index)}
        minimumWidth={columns.filter(({ hidden }) => !hidden).length * columnWidth}
        empty={<EmptyState>{total === 0 ? `No row was ${kind}.` : 'No rows.'}</EmptyState>}
      />
    </Panel>
  );
}

const columnWidth = 170;

/** The key, then what differs, then the rest; of changed rows the rest is there when asked for. */
function toColumns(
  rows: readonly DiffRow[],
  kind: ChangeKind,
  key: readonly string[],
): readonly DataColumn<Numbered>[] {
  const all = new Set(rows.slice(0, 1).flatMap(({ before, after }) => Object.keys(after ?? before ?? {})));
  const differing = new Set(rows.flatMap(({ changed }) => changed));
  const ordered = [
    ...new Set([...key, ...[...all].filter((name) => differing.has(name)), ...all, ...differing]),
  ];
  return ordered.map((name, index) => ({
    // A name of the user's may hold a comma, which parts the list in the address.
    id: `c${encodeURIComponent(name)}`,
    title: name,
    value: ({ row }) => textOf(row, name),
    cell: ({ row }) => <Cell row={row} name={name} />,
    width: columnWidth,
    hidden: index >= mostColumns || (kind === 'changed' && !key.includes(name) && !differing.has(name)),
  }));
}

/** Own values only: a column may have the name of something that every object has. */
const cellOf = (row: Readonly<Record<string, unknown>> | null, name: string): unknown =>
  row && Object.hasOwn(row, name) ? row[name] : undefined;

function textOf(row: DiffRow, name: string): string {
  const after = formatValue(cellOf(row.after ?? row.before, name));
  return row.changed.includes(name) ? `${formatValue(cellOf(row.before, name))} → ${after}` : after;
}

function Cell({ row, name }: { readonly row: DiffRow; readonly name: string }) {
  const value = <CellValue value={cellOf(row.after ?? row.before, name)} />;
  if (row.kind !== 'changed') return value;
  if (!row.changed.includes(name)) return <span className="dim">{value}</span>;
  return (
    <span className={classes.changed}>
      <del>
        <CellValue value={cellOf(row.before, name)} />
      </del>
      {' → '}
      <ins>{value}</ins>
    </span>
  );
}
