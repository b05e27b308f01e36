import { useQuery } from '@tanstack/react-query';
import type { DatasetVersion } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask, type ReplyOf, send } from '../../../lib/client.ts';

type Tag = ReplyOf<'datasets', 'listTags'>['items'][number];

const toColumns = (name: string): readonly DataColumn<Tag>[] => [
  { id: 'tag', title: 'Tag', value: ({ tag }) => tag },
  {
    id: 'version',
    title: 'Points at',
    value: ({ version }) => version,
    cell: ({ reference }) => <ReferenceLink kind="dataset" to={reference} />,
    width: 220,
  },
  {
    id: 'off',
    title: '',
    value: () => null,
    cell: ({ tag, reference }) => (
      <Action
        {...send('datasets', 'deleteTag', { name, tag })}
        inRow
        name="Take off"
        about={`${reference} stays; it is no longer found by ${tag}.`}
        reason="none"
      />
    ),
    align: 'right',
    width: 110,
  },
];

/** The names that the user gave to versions. */
export function TagsPanel({ latest }: { readonly latest: DatasetVersion }) {
  const name = latest.dataset;
  const asked = ask('datasets', 'listTags', { name });
  const tags = useQuery(asked);
  const columns = useMemo(() => toColumns(name), [name]);
  return (
    <Panel title="Tags" aside={<SourceMenu asked={asked} />}>
      <Answer of={tags}>
        {({ items }) => (
          <DataTable
            plain
            label="tags"
            rows={items}
            columns={columns}
            rowKey={({ tag }) => tag}
            empty={
              <EmptyState command={`tidemill datasets tag ${latest.reference} TAG`}>
                No version of {name} is tagged.
              </EmptyState>
            }
          />
        )}
      </Answer>
    </Panel>
  );
}
