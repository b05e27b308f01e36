import { NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { DatasetVersion, Split } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, send } from '../../../lib/client.ts';
import { formatShare } from '../../../lib/format.ts';
import { useFields } from '../../../lib/use-fields.ts';
import { splitFields, toSplit, wrongShares } from './split-rules.ts';

interface Part {
  readonly split: Split;
  readonly part: Split['parts'][number];
}

const columns: readonly DataColumn<Part>[] = [
  {
    id: 'part',
    title: 'Part',
    value: ({ part }) => part.reference,
    cell: ({ part }) => <ReferenceLink kind="dataset" to={part.reference} />,
  },
  { id: 'split', title: 'Split', value: ({ split }) => split.name, width: 120 },
  {
    id: 'by',
    title: 'By',
    value: ({ split }) => [split.by, ...split.columns].join(' '),
    width: 170,
  },
  { id: 'stratify', title: 'Stratified by', value: ({ split }) => split.stratify, width: 130 },
  { id: 'seed', title: 'Seed', value: ({ split }) => split.seed, align: 'right', width: 90 },
  {
    id: 'share',
    title: 'Share',
    value: ({ part }) => part.share,
    cell: ({ part }) => formatShare(part.share),
    align: 'right',
    width: 90,
  },
  {
    id: 'rows',
    title: 'Rows',
    value: ({ part }) => part.rows,
    cell: ({ part }) => <Figure count value={part.rows} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'at',
    title: 'Split',
    value: ({ split }) => split.createdAt,
    cell: ({ split }) => <Time at={split.createdAt} />,
    align: 'right',
    width: 110,
  },
];

/** Into which parts a version was split; each is a version of its own. */
export function SplitsPanel({ version }: { readonly version: DatasetVersion }) {
  const asked = ask('datasets', 'listSplits', { name: version.dataset, version: String(version.version) });
  const splits = useQuery(asked);
  return (
    <Panel
      title="Splits"
      aside={
        <div className="row">
          <SplitAction version={version} />
          <SourceMenu asked={asked} />
        </div>
      }
    >
      <Answer of={splits}>
        {({ items }) => (
          <DataTable
            plain
            label="splits"
            rows={items.flatMap((split) => split.parts.map((part) => ({ split, part })))}
            columns={columns}
            rowKey={({ part }) => part.reference}
            minimumWidth={980}
            empty={
              <EmptyState command={`tidemill datasets split ${version.reference} --by row`}>
                {version.reference} was not split.
              </EmptyState>
            }
          />
        )}
      </Answer>
    </Panel>
  );
}

const ways = [
  { value: 'row', label: 'Row by row' },
  { value: 'hash', label: 'By the hash of columns: rows of a key stay together' },
  { value: 'time', label: 'Along a time: the last part is the newest' },
];

function SplitAction({ version }: { readonly version: DatasetVersion }) {
  const { fields, bind } = useFields<Record<keyof typeof splitFields, string>>(splitFields);
  const input = toSplit(version.dataset, String(version.version), fields);
  const wrong = wrongShares(fields.shares);
  return (
    <Action
      {...send('datasets', 'split', input)}
      name="Split"
      about={`${version.reference} is split the same way every time it is asked; each part is a version of a dataset of its own.`}
      reason="none"
      size={560}
      incomplete={wrong !== null}
    >
      <NativeSelect label="How" data={ways} {...bind('by')} />
      {fields.by !== 'row' && (
        <TextInput
          label={fields.by === 'hash' ? 'Key columns' : 'Column of the time'}
          placeholder={fields.by === 'hash' ? 'the key of the dataset' : 'date'}
          required={fields.by === 'time'}
          {...bind('columns')}
        />
      )}
      <TextInput label="Parts and their shares" required error={wrong} {...bind('shares')} />
      <div className="columns" style={{ gridTemplateColumns: '1fr 1fr 1fr', gap: 12 }}>
        <TextInput label="Stratify by" placeholder="no column" {...bind('stratify')} />
        <TextInput label="Seed" inputMode="numeric" {...bind('seed')} />
        <TextInput label="Name" placeholder="for a second split" {...bind('split')} />
      </div>
    </Action>
  );
}
