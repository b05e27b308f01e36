import { Button, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Expectation, ExpectationList } from '@tidemill/sdk';
import { useState } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask, client } from '../../../lib/client.ts';
import { listText, readList } from './expectation-text.ts';

interface ExpectationsPanelProps {
  readonly name: string;
  /** The version that suggestions are read from. */
  readonly version: number;
}

/** What every version of a dataset must be: shown in words, edited as the JSON that files and the API take. */
export function ExpectationsPanel({ name, version }: ExpectationsPanelProps) {
  const asked = ask('validation', 'getExpectations', { name });
  const list = useQuery(asked);
  const [text, setText] = useState<string>();
  const suggest = useMutation({
    mutationFn: () => client().validation.suggest({ name, version: String(version) }),
    onSuccess: ({ expectations }) => setText(listText(expectations)),
  });
  const isEditing = text !== undefined;
  return (
    <Panel
      title="Expectations"
      aside={
        <div className="row">
          {!isEditing && list.data && (
            <Button onClick={() => setText(listText(list.data.expectations))}>Edit</Button>
          )}
          <Button onClick={() => suggest.mutate()} loading={suggest.isPending}>
            Suggest from {name}@{version}
          </Button>
          <SourceMenu asked={asked} />
        </div>
      }
    >
      {suggest.error && <ErrorNotice error={suggest.error} />}
      {isEditing ? (
        <Editor name={name} text={text} change={setText} close={() => setText(undefined)} />
      ) : (
        <Answer of={list}>{(value) => <Listed list={value} name={name} version={version} />}</Answer>
      )}
    </Panel>
  );
}

interface Item {
  readonly index: number;
  readonly title: string;
  readonly expectation: Expectation;
}

const columns: readonly DataColumn<Item>[] = [
  {
    id: 'title',
    title: 'Expectation',
    value: (item) => item.title,
    cell: ({ title }) => <span title={title}>{title}</span>,
  },
  { id: 'kind', title: 'Kind', value: (item) => item.expectation.kind, width: 170 },
  {
    id: 'severity',
    title: 'Otherwise',
    value: ({ expectation }) => (expectation.severity === 'warn' ? 'marked' : 'refused'),
    width: 110,
  },
  { id: 'description', title: 'Description', value: (item) => item.expectation.description, width: 260 },
];

interface ListedProps extends ExpectationsPanelProps {
  readonly list: ExpectationList;
}

function Listed({ list, name, version }: ListedProps) {
  if (list.expectations.length === 0)
    return (
      <EmptyState command={`tidemill datasets expectations suggest ${name}@${version} --apply`}>
        Nothing is expected of {name}: every commit is let in.
      </EmptyState>
    );
  const items = list.expectations.map((expectation, index) => ({
    index,
    expectation,
    title: list.titles[index] ?? expectation.kind,
  }));
  return (
    <DataTable
      plain
      label="expectations"
      rows={items}
      columns={columns}
      rowKey={({ index }) => String(index)}
      maximumHeight="360px"
    />
  );
}

interface EditorProps {
  readonly name: string;
  readonly text: string;
  readonly change: (text: string) => void;
  readonly close: () => void;
}

function Editor({ name, text, change, close }: EditorProps) {
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () => client().validation.putExpectations({ name, expectations: readList(text) }),
    onSuccess: () => {
      void queries.invalidateQueries();
      close();
    },
  });
  return (
    <div className="stack">
      <Textarea
        label="Expectations, one a line"
        description="A JSON list; an empty one ends validation. Commits from now on are held against it."
        autosize
        minRows={6}
        maxRows={24}
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        value={text}
        onChange={(event) => change(event.currentTarget.value)}
      />
      {save.error && <ErrorNotice error={save.error} />}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={close}>Cancel</Button>
        <Button variant="filled" onClick={() => save.mutate()} disabled={save.isPending}>
          Save
        </Button>
      </div>
    </div>
  );
}
