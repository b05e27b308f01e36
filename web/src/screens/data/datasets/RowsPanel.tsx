import { Button, TextInput } from '@mantine/core';
import type { DatasetVersion } from '@tidemill/sdk';
import { type FormEvent, useMemo, useState } from 'react';
import { ColumnPicker } from '../../../components/ColumnPicker.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { RowsGrid } from '../../../components/RowsGrid.tsx';
import { formatCount, plural } from '../../../lib/format.ts';
import { formatNames, parseNames } from '../../../lib/name-list.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { useVersionRows } from './use-version-rows.ts';

/** Cells that are drawn at once stay some thousands, however wide a table is. */
const mostColumns = 60;

/** The rows themselves, however many: read as one scrolls to them. Columns and first row stand in the address. */
export function RowsPanel({ version }: { readonly version: DatasetVersion }) {
  const [search, change] = useScreenSearch();
  const columns = useMemo(() => {
    const asked = new Set(parseNames(search.show));
    const chosen = version.columns.filter(({ name }) => asked.has(name));
    return (chosen.length > 0 ? chosen : version.columns).slice(0, mostColumns);
  }, [version.columns, search.show]);
  const names = useMemo(() => columns.map(({ name }) => name), [columns]);
  const isWhole = names.length === version.columns.length;
  const rows = useVersionRows({
    name: version.dataset,
    version: String(version.version),
    columns: isWhole ? undefined : names,
  });
  if (version.rows === 0)
    return (
      <EmptyState command={`tidemill datasets commit FILE --name ${version.dataset} --append`}>
        {version.reference} has no rows.
      </EmptyState>
    );
  const from = Math.min(version.rows, Math.max(1, Number.parseInt(search.row ?? '1', 10) || 1));
  return (
    <div className="stack" style={{ gap: 8 }}>
      <div className="row" style={{ alignItems: 'center' }}>
        <GoToRow key={from} from={from} onRow={(row) => change({ row })} />
        <ColumnPicker
          names={version.columns.map(({ name }) => name)}
          shown={names}
          most={mostColumns}
          onChange={(chosen) => change({ show: formatNames(chosen) })}
          onReset={() => change({ show: undefined })}
        />
        <span className="dim number" style={{ marginLeft: 'auto' }}>
          {plural(version.rows, 'row')} of {isWhole ? '' : `${formatCount(names.length)} of `}
          {plural(version.columns.length, 'column')}
        </span>
      </div>
      {rows.error && <ErrorNotice error={rows.error} retry={rows.retry} />}
      <RowsGrid
        label="rows"
        count={version.rows}
        columns={columns}
        rowAt={rows.rowAt}
        onWindow={rows.onWindow}
        from={from - 1}
      />
    </div>
  );
}

interface GoToRowProps {
  readonly from: number;
  readonly onRow: (row: string | undefined) => void;
}

function GoToRow({ from, onRow }: GoToRowProps) {
  const [text, setText] = useState(from > 1 ? String(from) : '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onRow(text.replaceAll(/\D/g, '') || undefined);
  };
  return (
    <form className="row" onSubmit={submit}>
      <TextInput
        w={120}
        inputMode="numeric"
        placeholder="Row number"
        aria-label="Row number"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button type="submit">Go</Button>
    </form>
  );
}
