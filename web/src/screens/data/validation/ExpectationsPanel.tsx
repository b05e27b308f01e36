import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Column, Expectation, ExpectationList } from '@tidemill/sdk';
import { useMemo, useState } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask } from '../../../lib/client.ts';
import { EditAction, RemoveAction } from './ExpectationActions.tsx';
import { ExpectationsEditor } from './ExpectationsEditor.tsx';
import { fitsForm } from './expectation-form.ts';
import { SuggestionsPanel } from './SuggestionsPanel.tsx';

interface ExpectationsPanelProps {
  readonly name: string;
  /** The version that suggestions are read from, and whose columns the form knows. */
  readonly version: number;
}

/** What every version of a dataset must be: in words, by a form each, or all as JSON. */
export function ExpectationsPanel({ name, version }: ExpectationsPanelProps) {
  const asked = ask('validation', 'getExpectations', { name });
  const list = useQuery(asked);
  const found = useQuery(ask('datasets', 'getVersion', { name, version: String(version) }));
  const columns = found.data?.columns;
  const [mode, setMode] = useState<'list' | 'json' | 'suggestions'>('list');
  const show = () => setMode('list');
  return (
    <>
      <Panel
        title="Expectations"
        aside={
          <div className="row">
            {mode === 'list' && list.data && columns && <EditAction list={list.data} columns={columns} />}
            {mode === 'list' && <Button onClick={() => setMode('json')}>Edit as JSON</Button>}
            <Button disabled={mode === 'suggestions'} onClick={() => setMode('suggestions')}>
              Suggest from {name}@{version}
            </Button>
            <SourceMenu asked={asked} />
          </div>
        }
      >
        <Answer of={list}>
          {(value) =>
            mode === 'json' ? (
              <ExpectationsEditor name={name} expectations={value.expectations} close={show} />
            ) : (
              <Listed list={value} version={version} columns={columns ?? none} />
            )
          }
        </Answer>
      </Panel>
      {mode === 'suggestions' && list.data && (
        <SuggestionsPanel list={list.data} version={version} close={show} />
      )}
    </>
  );
}

const none: readonly Column[] = [];

interface Item {
  readonly index: number;
  readonly title: string;
  readonly expectation: Expectation;
}

const toColumns = (list: ExpectationList, known: readonly Column[]): readonly DataColumn<Item>[] => [
  {
    id: 'title',
    title: 'Expectation',
    value: (item) => item.title,
    cell: ({ title }) => <span title={title}>{title}</span>,
  },
  { id: 'kind', title: 'Kind', value: (item) => item.expectation.kind, width: 150 },
  {
    id: 'severity',
    title: 'Otherwise',
    value: ({ expectation }) => (expectation.severity === 'warn' ? 'marked' : 'refused'),
    width: 100,
  },
  {
    id: 'description',
    title: 'Why',
    value: (item) => item.expectation.description,
    cell: ({ expectation }) => <span title={expectation.description}>{expectation.description}</span>,
    width: 220,
  },
  {
    id: 'actions',
    title: '',
    value: () => null,
    // What a form cannot hold is edited as JSON.
    cell: ({ index, expectation }) => (
      <>
        {fitsForm(expectation, known) && (
          <EditAction key={JSON.stringify(expectation)} list={list} columns={known} index={index} />
        )}
        <RemoveAction list={list} index={index} />
      </>
    ),
    align: 'right',
    width: 140,
  },
];

interface ListedProps {
  readonly list: ExpectationList;
  readonly version: number;
  readonly columns: readonly Column[];
}

function Listed({ list, version, columns: known }: ListedProps) {
  const columns = useMemo(() => toColumns(list, known), [list, known]);
  const name = list.dataset;
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
      minimumWidth={820}
      empty={
        <EmptyState command={`tidemill datasets expectations suggest ${name}@${version} --apply`}>
          Nothing is expected of {name}: every commit is let in.
        </EmptyState>
      }
    />
  );
}
