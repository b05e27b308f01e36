import { Button, SegmentedControl, TextInput } from '@mantine/core';
import type { FeatureEntry } from '@tidemill/sdk';
import { type FormEvent, useEffect, useState } from 'react';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { TagLine } from '../../../components/TagLine.tsx';
import { useList } from '../../../lib/pages.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';

const columns: readonly DataColumn<FeatureEntry>[] = [
  {
    id: 'reference',
    title: 'Name',
    value: (entry) => entry.reference,
    cell: (entry) => <ReferenceLink to={entry.uri} text={entry.reference} />,
    width: 230,
  },
  {
    id: 'kind',
    title: 'Kind',
    value: (entry) => (entry.type === null ? entry.kind : `${entry.kind}, ${entry.type}`),
    width: 140,
  },
  {
    id: 'description',
    title: 'Description',
    value: (entry) => entry.description,
    cell: ({ description }) => <span title={description}>{description}</span>,
  },
  { id: 'owner', title: 'Owner', value: (entry) => entry.owner, width: 150 },
  {
    id: 'tags',
    title: 'Tags',
    value: (entry) => Object.entries(entry.tags).flat().join(' '),
    cell: (entry) => <TagLine tags={entry.tags} />,
    width: 200,
  },
];

const kinds = [
  { value: 'all', label: 'All' },
  { value: 'entity', label: 'Entities' },
  { value: 'view', label: 'Views' },
  { value: 'service', label: 'Services' },
  { value: 'feature', label: 'Features' },
] as const;

/** Everything that is defined about features, found by any word of it; words and kind stand in the address. */
export function FeaturesScreen() {
  const [search, change] = useScreenSearch();
  const kind = kinds.find(({ value }) => value === search.state && value !== 'all')?.value;
  const isNarrowed = search.filter !== undefined || kind !== undefined;
  const list = useList('features', 'search', {
    ...(search.filter && { q: search.filter }),
    ...(kind && kind !== 'all' && { kind }),
  });
  return (
    <>
      <PageHeader
        title="Features"
        about="Entities, views and services: one definition for training and for serving."
        asked={list.asked}
      />
      <ListTable
        label="features"
        list={list}
        columns={columns}
        rowKey={(entry) => `${entry.kind} ${entry.reference}`}
        minimumWidth={960}
        filterBar={
          <div className="row">
            <Words words={search.filter ?? ''} onWords={(filter) => change({ filter })} />
            <SegmentedControl
              size="xs"
              aria-label="kind"
              data={[...kinds]}
              value={kind ?? 'all'}
              onChange={(state) => change({ state: state === 'all' ? undefined : state })}
            />
          </div>
        }
        empty={
          isNarrowed ? (
            <EmptyState>Nothing in the catalogue has all of this.</EmptyState>
          ) : (
            <EmptyState command="tidemill apply">
              Nothing is defined yet. Declare entities, feature views and services in{' '}
              <code>tidemill.config.ts</code> and apply it.
            </EmptyState>
          )
        }
      />
    </>
  );
}

interface WordsProps {
  readonly words: string;
  readonly onWords: (words: string | undefined) => void;
}

function Words({ words, onWords }: WordsProps) {
  const [text, setText] = useState(words);
  useEffect(() => setText(words), [words]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onWords(text.trim() || undefined);
  };
  return (
    <form className="row" onSubmit={submit}>
      <TextInput
        type="search"
        w={280}
        placeholder="name, owner, tag, column, dataset"
        aria-label="Search the catalogue"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button type="submit">Search</Button>
    </form>
  );
}
