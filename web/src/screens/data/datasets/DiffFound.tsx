import { SegmentedControl } from '@mantine/core';
import type { DatasetDiff } from '@tidemill/sdk';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { formatCount } from '../../../lib/format.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { DriftPanel } from '../profiling/DriftPanel.tsx';
import { DiffColumns } from './DiffColumns.tsx';
import { DiffRows } from './DiffRows.tsx';
import { type DiffQuery, splitReference, toView, type View } from './diff-rules.ts';

interface DiffFoundProps {
  readonly diff: DatasetDiff;
  readonly query: DiffQuery;
}

/** A difference: its counts, what became of the schema, and the parts one looks at in turn. */
export function DiffFound({ diff, query }: DiffFoundProps) {
  const [search, change] = useScreenSearch();
  const view = toView(search.state, diff);
  const titles: readonly { value: View; label: string }[] = [
    { value: 'changed', label: `Changed ${formatCount(diff.changed)}` },
    { value: 'added', label: `Added ${formatCount(diff.added)}` },
    { value: 'removed', label: `Removed ${formatCount(diff.removed)}` },
    { value: 'columns', label: 'By column' },
    { value: 'profiles', label: 'Profiles' },
  ];
  return (
    <>
      <DiffFacts diff={diff} />
      <SchemaChanges diff={diff} />
      <SegmentedControl
        aria-label="what changed"
        size="xs"
        data={[...titles]}
        value={view}
        style={{ alignSelf: 'start' }}
        onChange={(state) => change({ state, q: undefined, sort: undefined, columns: undefined })}
      />
      {view === 'columns' && <DiffColumns query={query} />}
      {view === 'profiles' && <DriftPanel {...splitReference(diff.to)} against={diff.from} />}
      {view !== 'columns' && view !== 'profiles' && (
        <DiffRows key={view} query={query} kind={view} names={diff.key} total={diff[view]} />
      )}
    </>
  );
}

function DiffFacts({ diff }: { readonly diff: DatasetDiff }) {
  const isSame = diff.added + diff.removed + diff.changed === 0;
  return (
    <Summary>
      <Fact name="From">
        <ReferenceLink kind="dataset" to={diff.from} />
      </Fact>
      <Fact name="To">
        <ReferenceLink kind="dataset" to={diff.to} />
      </Fact>
      <Fact name="Rows">
        <Figure count value={diff.rowsBefore} /> → <Figure count value={diff.rowsAfter} />
      </Fact>
      <Fact name="A row is named by">{diff.key.length > 0 ? diff.key.join(', ') : 'all of its values'}</Fact>
      <Fact name="Rows added, removed, changed">
        <span className="number">
          {isSame
            ? 'none'
            : `+${formatCount(diff.added)}, −${formatCount(diff.removed)}, ${formatCount(diff.changed)} changed`}
        </span>
      </Fact>
    </Summary>
  );
}

function SchemaChanges({ diff }: { readonly diff: DatasetDiff }) {
  const rows = [
    ...diff.columnsAdded.map((column) => ({ column, change: 'added', before: null, after: null })),
    ...diff.columnsRemoved.map((column) => ({ column, change: 'removed', before: null, after: null })),
    ...diff.columnsRetyped.map(({ name, before, after }) => ({
      column: name,
      change: 'another type',
      before,
      after,
    })),
  ];
  if (rows.length === 0) return null;
  return (
    <Panel title="Schema">
      <RowsTable
        label="schema changes"
        names={['column', 'change', 'before', 'after']}
        rows={rows}
        maximumHeight="220px"
      />
    </Panel>
  );
}
