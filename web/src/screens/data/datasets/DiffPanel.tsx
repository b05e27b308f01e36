import { NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { DatasetDiff } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask } from '../../../lib/client.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';

interface DiffPanelProps {
  readonly name: string;
  readonly latest: number;
}

const typingMs = 400;
const sampleRows = 50;

/** What changed between two versions; which two stands in the address. */
export function DiffPanel({ name, latest }: DiffPanelProps) {
  const [search, change] = useScreenSearch();
  const from = search.from ?? String(Math.max(1, latest - 1));
  const to = search.to ?? String(latest);
  const [key] = useDebouncedValue(search.key, typingMs);
  const asked = ask('datasets', 'diff', { name, from, to, limit: sampleRows, ...(key && { key }) });
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
          placeholder="whole rows"
          value={search.key ?? ''}
          onChange={(event) => change({ key: event.currentTarget.value || undefined })}
        />
        <SourceMenu asked={asked} />
      </div>
      <Answer of={diff}>{(value) => <Difference diff={value} />}</Answer>
    </div>
  );
}

function Difference({ diff }: { readonly diff: DatasetDiff }) {
  const { added, removed, changed } = diff.sample;
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
        <Fact name="Columns">{columns.length > 0 ? columns.join(', ') : 'the same'}</Fact>
      </Summary>
      {added.length > 0 && <Sample title="Added" rows={added} of={diff.added} />}
      {removed.length > 0 && <Sample title="Removed" rows={removed} of={diff.removed} />}
      {changed.length > 0 && <Sample title="Changed" rows={changed.map(toChange)} of={diff.changed} />}
    </>
  );
}

type Change = DatasetDiff['sample']['changed'][number];

/** Only what differs, as `before → after`. */
function toChange({ key, before, after }: Change): Record<string, unknown> {
  const differing = Object.keys(after).filter((name) => !(name in key) && before[name] !== after[name]);
  return {
    ...key,
    ...Object.fromEntries(differing.map((name) => [name, `${before[name]} → ${after[name]}`])),
  };
}

interface SampleProps {
  readonly title: string;
  readonly rows: readonly Record<string, unknown>[];
  readonly of: number;
}

function Sample({ title, rows, of }: SampleProps) {
  return (
    <Panel title={title} aside={rows.length < of ? `first ${rows.length} of ${of}` : undefined}>
      <RowsTable label={title} rows={rows} />
    </Panel>
  );
}
