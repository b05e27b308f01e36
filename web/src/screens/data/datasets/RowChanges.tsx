import { SegmentedControl } from '@mantine/core';
import type { ChangeKind, DatasetDiff, DiffRow } from '@tidemill/sdk';
import { useMemo } from 'react';
import { CellValue } from '../../../components/CellValue.tsx';
import { DownloadLink } from '../../../components/DownloadLink.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { client } from '../../../lib/client.ts';
import { formatCount } from '../../../lib/format.ts';
import { toHttp } from '../../../lib/http-form.ts';
import { useList } from '../../../lib/pages.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import classes from './Diff.module.css';

export interface AskedDiff {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly key?: string;
}

interface RowChangesProps {
  readonly asked: AskedDiff;
  readonly diff: DatasetDiff;
}

const kinds: readonly ChangeKind[] = ['changed', 'added', 'removed'];

/** The rows that differ, a kind at a time and a page at a time; which kind stands in the address. */
export function RowChanges({ asked, diff }: RowChangesProps) {
  const [search, change] = useScreenSearch();
  const kind =
    kinds.find((each) => each === search.state) ?? kinds.find((each) => diff[each] > 0) ?? 'changed';
  const file = { ...asked, format: 'csv' as const };
  return (
    <Panel
      title="Rows"
      aside={
        <DownloadLink
          variant="subtle"
          size="compact-xs"
          fileName={`${asked.name}-${asked.from}-${asked.to}.csv`}
          address={toHttp({ queryKey: ['datasets', 'exportDiff', file] })?.path ?? ''}
          read={() => client().datasets.exportDiff(file)}
        >
          CSV of all
        </DownloadLink>
      }
    >
      <SegmentedControl
        size="xs"
        mb={8}
        aria-label="Kind of change"
        data={kinds.map((each) => ({ value: each, label: `${each} ${formatCount(diff[each])}` }))}
        value={kind}
        onChange={(state) => change({ state })}
      />
      <Rows key={kind} asked={asked} diff={diff} kind={kind} />
    </Panel>
  );
}

function Rows({ asked, diff, kind }: RowChangesProps & { readonly kind: ChangeKind }) {
  const list = useList('datasets', 'diffRows', { ...asked, kind });
  const { items } = list;
  const rows = useMemo(() => items?.map((row, index) => ({ ...row, index })), [items]);
  const columns = useMemo(() => toColumns(items ?? [], diff.key), [items, diff.key]);
  return (
    <ListTable
      label={`${kind} rows`}
      list={{ ...list, items: rows }}
      columns={columns}
      rowKey={(row) => String(row.index)}
      minimumWidth={columns.length * columnWidth}
      empty={<EmptyState>No row was {kind}.</EmptyState>}
    />
  );
}

const columnWidth = 150;
/** Of a wide table those that changed come first, so that what is cut off is what stayed. */
const mostColumns = 60;

function toColumns(rows: readonly DiffRow[], key: readonly string[]): readonly DataColumn<DiffRow>[] {
  const changed = new Set(rows.flatMap((row) => row.changed));
  const all = new Set(rows.flatMap((row) => Object.keys(row.after ?? row.before ?? {})));
  const names = new Set([...key, ...[...all].filter((name) => changed.has(name)), ...all]);
  return [...names].slice(0, mostColumns).map((name) => ({
    id: name,
    title: name,
    value: (row) => textOf(valueIn(row, name)),
    cell: (row) => <Cell row={row} name={name} />,
    width: columnWidth,
  }));
}

const valueIn = ({ key, before, after }: DiffRow, name: string): unknown =>
  name in key ? key[name] : (after ?? before)?.[name];

const textOf = (value: unknown) =>
  value === null || value === undefined || typeof value === 'number' ? value : String(value);

/** The old value struck out beside the new one, where they differ. */
function Cell({ row, name }: { readonly row: DiffRow; readonly name: string }) {
  if (!row.changed.includes(name)) return <CellValue value={valueIn(row, name)} />;
  return (
    <>
      <del className={classes.before}>
        <CellValue value={row.before?.[name]} />
      </del>{' '}
      <ins className={classes.after}>
        <CellValue value={row.after?.[name]} />
      </ins>
    </>
  );
}
