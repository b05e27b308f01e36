import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ModelTest, ModelVersion, ScopeResult, TestCheck } from '@tidemill/sdk';
import { useMemo, useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';

const liveMs = 500;

const isOpen = ({ state }: ModelTest): boolean => state === 'queued' || state === 'running';

const scopeColumn = (scope: ScopeResult['scope']): DataColumn<ModelTest> => {
  const outcome = (test: ModelTest) => test.scopes.find((each) => each.scope === scope)?.outcome ?? '–';
  return {
    id: scope,
    title: scope,
    value: outcome,
    cell: (test) => <StatusBadge state={outcome(test)} />,
    width: 120,
  };
};

const columns: readonly DataColumn<ModelTest>[] = [
  {
    id: 'state',
    title: 'Test',
    value: ({ state }) => state,
    cell: ({ state }) => <StatusBadge state={state} />,
    width: 110,
  },
  ...(['unit', 'integration', 'system', 'acceptance'] as const).map(scopeColumn),
  { id: 'by', title: 'By', value: ({ createdBy }) => createdBy },
  {
    id: 'at',
    title: 'When',
    value: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <Time at={createdAt} />,
    align: 'right',
    width: 110,
  },
];

const showColumn = (choose: (id: string) => void): DataColumn<ModelTest> => ({
  id: 'show',
  title: '',
  value: () => null,
  cell: ({ id }) => (
    <Button variant="subtle" size="compact-xs" onClick={() => choose(id)}>
      Show
    </Button>
  ),
  align: 'right',
  width: 80,
});

/** What a version was tested on, newest first, and the test that is chosen check by check. */
export function TestsPanel({ model }: { readonly model: ModelVersion }) {
  const version = { name: model.model, version: String(model.version) };
  const asked = ask('modelTests', 'list', version);
  const tests = useQuery({
    ...asked,
    refetchInterval: ({ state }) => (state.data?.items.some(isOpen) ? liveMs : false),
  });
  const [chosen, choose] = useState<string | null>(null);
  const listed = useMemo(() => [...columns, showColumn(choose)], []);
  const shown = tests.data?.items.find(({ id }) => id === chosen) ?? tests.data?.items[0];
  return (
    <div className="stack">
      <Panel title="Tests" aside={<Buttons version={version} shown={shown} onStart={choose} />}>
        <Answer of={tests}>
          {({ items }) => (
            <DataTable
              plain
              label="tests"
              rows={items}
              columns={listed}
              rowKey={({ id }) => id}
              empty={
                <EmptyState command={`tidemill test ${model.reference}`}>
                  {model.reference} was not tested yet: its feature code, its training path, its endpoint
                  against offline, and the acceptance cases of the project file.
                </EmptyState>
              }
            />
          )}
        </Answer>
      </Panel>
      {shown?.error && <p>{shown.error}</p>}
      {shown?.scopes.map((scope) => (
        <ScopePanel key={scope.scope} result={scope} />
      ))}
    </div>
  );
}

interface ButtonsProps {
  readonly version: { readonly name: string; readonly version: string };
  readonly shown: ModelTest | undefined;
  readonly onStart: (id: string) => void;
}

function Buttons({ version, shown, onStart }: ButtonsProps) {
  return (
    <>
      <Action
        name="Test"
        reason="none"
        about="Runs all four scopes. Nothing of it is left behind but the results."
        asked={ask('modelTests', 'start', version)}
        run={() => client().modelTests.start(version)}
        onDone={({ id }) => onStart(id)}
      />
      {shown && isOpen(shown) && (
        <Action
          danger
          name="Cancel"
          reason="none"
          about={`${shown.id} ends here; what it found so far stays.`}
          asked={ask('modelTests', 'cancel', { id: shown.id })}
          run={() => client().modelTests.cancel({ id: shown.id })}
        />
      )}
    </>
  );
}

const checkColumns: readonly DataColumn<TestCheck>[] = [
  {
    id: 'outcome',
    title: 'Result',
    value: ({ outcome }) => outcome,
    cell: ({ outcome }) => <StatusBadge state={outcome} />,
    width: 110,
  },
  { id: 'name', title: 'Check', value: ({ name }) => name, width: 240 },
  { id: 'message', title: 'Says', value: ({ message }) => message },
];

function ScopePanel({ result }: { readonly result: ScopeResult }) {
  const { scope, outcome, checks, milliseconds } = result;
  const time = milliseconds === null ? '' : ` in ${milliseconds} ms`;
  const failed = checks.filter(({ rows }) => rows.length > 0);
  return (
    <Panel title={`${scope}: ${outcome}${time}`}>
      <DataTable
        plain
        label={`${scope} checks`}
        rows={checks}
        columns={checkColumns}
        rowKey={({ name }) => name}
        empty={<EmptyState>{scopeEmpty(outcome)}</EmptyState>}
      />
      {failed.map(({ name, rows }) => (
        <div key={name}>
          <p>{`The first rows that failed '${name}':`}</p>
          <RowsTable label={`rows of ${name}`} rows={rows.map(flat)} names={namesOf(rows)} />
        </div>
      ))}
    </Panel>
  );
}

const scopeEmpty = (outcome: ScopeResult['outcome']): string =>
  outcome === 'waiting' || outcome === 'running'
    ? `It is ${outcome}.`
    : 'There was nothing to test: the project file declares no case.';

const namesOf = (rows: readonly object[]): string[] => [...new Set(rows.flatMap((row) => Object.keys(row)))];

const flat = (row: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key,
      typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
    ]),
  );
