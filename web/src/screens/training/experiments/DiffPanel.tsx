import { useQuery } from '@tanstack/react-query';
import type { RunDiff } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { ask } from '../../../lib/client.ts';
import { formatCount } from '../../../lib/format.ts';

interface DiffPanelProps {
  readonly a: string;
  readonly b: string;
}

/** What two runs were made of: the code, the packages of their models, and the data they read. */
export function DiffPanel({ a, b }: DiffPanelProps) {
  const diff = useQuery(ask('experiments', 'diffRuns', { a, b }));
  return (
    <Answer of={diff}>
      {(value) => (
        <div className="stack">
          <Part title="Code" diff={value} rows={value.code} what="code" />
          <Part title="Packages" diff={value} rows={value.packages} what="packages" />
          <Part title="Data" diff={value} rows={toDataRows(value.data)} what="data" />
        </div>
      )}
    </Answer>
  );
}

interface Rows {
  readonly entries: readonly { readonly key: string; readonly a: string | null; readonly b: string | null }[];
  readonly equal: number;
}

function toDataRows({ entries, equal }: RunDiff['data']): Rows {
  const text = (input: RunDiff['data']['entries'][number]['a']) =>
    input && [input.digest, input.context, input.source].filter(Boolean).join(', ');
  return { equal, entries: entries.map(({ name, a, b }) => ({ key: name, a: text(a), b: text(b) })) };
}

interface PartProps {
  readonly title: string;
  readonly what: string;
  readonly diff: RunDiff;
  readonly rows: Rows;
}

function Part({ title, what, diff, rows: { entries, equal } }: PartProps) {
  const names = toNames(diff);
  return (
    <Panel title={title} aside={equal > 0 && `${formatCount(equal)} the same`}>
      {entries.length === 0 ? (
        <EmptyState>
          {equal > 0 ? `Both have the same ${what}.` : `Neither of them says anything of its ${what}.`}
        </EmptyState>
      ) : (
        <RowsTable
          label={title}
          rows={entries.map((entry) => ({ name: entry.key, [names.a]: entry.a, [names.b]: entry.b }))}
          names={['name', names.a, names.b]}
        />
      )}
    </Panel>
  );
}

/** Columns of one name would be one column. */
const toNames = ({ a, b }: RunDiff) =>
  a.name === b.name || a.name === 'name' || b.name === 'name'
    ? { a: a.id, b: b.id }
    : { a: a.name, b: b.name };
