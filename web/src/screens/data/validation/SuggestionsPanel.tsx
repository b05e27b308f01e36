import { Button, Checkbox } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Expectation, ExpectationList } from '@tidemill/sdk';
import { useMemo, useState } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask, client } from '../../../lib/client.ts';

interface Suggestion {
  readonly id: string;
  readonly title: string;
  readonly expectation: Expectation;
}

interface SuggestionsPanelProps {
  readonly list: ExpectationList;
  readonly version: number;
  readonly close: () => void;
}

/** What a version fulfils and is not expected yet; one takes what should stay true. */
export function SuggestionsPanel({ list, version, close }: SuggestionsPanelProps) {
  const name = list.dataset;
  const asked = ask('validation', 'suggest', { name, version: String(version) });
  const suggested = useQuery(asked);
  return (
    <Panel
      title={`What holds in ${name}@${version}`}
      aside={
        <div className="row">
          <SourceMenu asked={asked} />
        </div>
      }
    >
      <Answer of={suggested}>
        {({ expectations, titles }) => {
          const known = new Set(list.expectations.map((expectation) => JSON.stringify(expectation)));
          const suggestions = expectations
            .map((expectation, index) => ({
              id: JSON.stringify(expectation),
              title: titles[index] ?? '',
              expectation,
            }))
            .filter(({ id }) => !known.has(id));
          return <Choice list={list} suggestions={suggestions} close={close} />;
        }}
      </Answer>
    </Panel>
  );
}

const toColumns = (
  left: ReadonlySet<string>,
  toggle: (id: string) => void,
): readonly DataColumn<Suggestion>[] => [
  {
    id: 'taken',
    title: '',
    value: ({ id }) => !left.has(id),
    cell: ({ id, title }) => (
      <Checkbox aria-label={`Expect ${title}`} checked={!left.has(id)} onChange={() => toggle(id)} />
    ),
    width: 44,
  },
  {
    id: 'title',
    title: 'Expectation',
    value: ({ title }) => title,
    cell: ({ title }) => <span title={title}>{title}</span>,
  },
  { id: 'kind', title: 'Kind', value: ({ expectation }) => expectation.kind, width: 170 },
];

const without = (ids: ReadonlySet<string>, id: string) => new Set([...ids].filter((known) => known !== id));

interface ChoiceProps {
  readonly list: ExpectationList;
  readonly suggestions: readonly Suggestion[];
  readonly close: () => void;
}

function Choice({ list, suggestions, close }: ChoiceProps) {
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const columns = useMemo(
    () =>
      toColumns(left, (id) =>
        setLeft((before) => (before.has(id) ? without(before, id) : new Set([...before, id]))),
      ),
    [left],
  );
  const queries = useQueryClient();
  const taken = suggestions.filter(({ id }) => !left.has(id)).map(({ expectation }) => expectation);
  const add = useMutation({
    mutationFn: () =>
      client().validation.putExpectations({
        name: list.dataset,
        expectations: [...list.expectations, ...taken],
      }),
    onSuccess: () => {
      void queries.invalidateQueries();
      close();
    },
  });
  return (
    <div className="stack">
      <DataTable
        plain
        label="suggested expectations"
        rows={suggestions}
        columns={columns}
        rowKey={({ id }) => id}
        maximumHeight="420px"
        empty={<EmptyState>All that holds in it is expected already.</EmptyState>}
      />
      {add.error && <ErrorNotice error={add.error} />}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={close}>Close</Button>
        <Button variant="filled" disabled={taken.length === 0 || add.isPending} onClick={() => add.mutate()}>
          Expect {taken.length} of them
        </Button>
      </div>
    </div>
  );
}
