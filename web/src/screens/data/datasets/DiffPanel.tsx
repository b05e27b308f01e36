import { NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { DatasetDiff } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask } from '../../../lib/client.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { ColumnChanges } from './ColumnChanges.tsx';
import { type AskedDiff, RowChanges } from './RowChanges.tsx';

interface DiffPanelProps {
  readonly name: string;
  readonly latest: number;
}

const typingMs = 400;

/** What changed between two versions; which two stands in the address. */
export function DiffPanel({ name, latest }: DiffPanelProps) {
  const [search, change] = useScreenSearch();
  const from = search.from ?? String(Math.max(1, latest - 1));
  const to = search.to ?? String(latest);
  const [key] = useDebouncedValue(search.key, typingMs);
  const input: AskedDiff = { name, from, to, ...(key && { key }) };
  const asked = ask('datasets', 'diff', { ...input, limit: 0 });
  const isPossible = latest > 1;
  const diff = useQuery({ ...asked, enabled: isPossible });
  if (!isPossible)
    return (
      <EmptyState command={`tidemill datasets commit FILE --name ${name}`}>
        {name} has one version; a difference needs two.
      </EmptyState>
    );
  const versions = Array.from({ length: latest }, (_, index) => String(latest - index));
  return (
    <div className="stack">
      <div className="row">
        <NativeSelect
          label="From"
          data={versions}
          value={from}
          onChange={(event) => change({ from: event.currentTarget.value })}
        />
        <NativeSelect
          label="To"
          data={versions}
          value={to}
          onChange={(event) => change({ to: event.currentTarget.value })}
        />
        <TextInput
          label="Key columns"
          placeholder="as the dataset has it"
          value={search.key ?? ''}
          onChange={(event) => change({ key: event.currentTarget.value || undefined })}
        />
        <SourceMenu asked={asked} />
      </div>
      <Answer of={diff}>{(value) => <Difference diff={value} asked={input} />}</Answer>
    </div>
  );
}

function Difference({ diff, asked }: { readonly diff: DatasetDiff; readonly asked: AskedDiff }) {
  const columns = [
    ...diff.columnsAdded.map((column) => `+${column}`),
    ...diff.columnsRemoved.map((column) => `−${column}`),
    ...diff.columnsRetyped.map((column) => `${column.name}: ${column.before} → ${column.after}`),
  ];
  return (
    <>
      <Summary>
        <Fact name="Rows added">
          <Figure count value={diff.added} />
        </Fact>
        <Fact name="Rows removed">
          <Figure count value={diff.removed} />
        </Fact>
        <Fact name="Rows changed">
          <Figure count value={diff.changed} />
        </Fact>
        <Fact name="Rows before">
          <Figure count value={diff.rowsBefore} />
        </Fact>
        <Fact name="Rows after">
          <Figure count value={diff.rowsAfter} />
        </Fact>
        <Fact name="Rows matched by">{diff.key.length > 0 ? diff.key.join(', ') : 'the whole row'}</Fact>
        <Fact name="Columns">{columns.length > 0 ? columns.join(', ') : 'the same'}</Fact>
      </Summary>
      <ColumnChanges asked={asked} />
      <RowChanges asked={asked} diff={diff} />
    </>
  );
}
