import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ValidationSummary } from '@tidemill/sdk';
import { useMemo, useState } from 'react';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { client } from '../../../lib/client.ts';
import { useList } from '../../../lib/pages.ts';
import { ExpectationsPanel } from './ExpectationsPanel.tsx';
import { ResultPanel } from './ResultPanel.tsx';

interface ValidationPanelProps {
  readonly name: string;
  /** The version that is judged when asked to. */
  readonly version: number;
  /** Only the results of that version, without the expectations. */
  readonly alone?: boolean;
}

const count = (
  id: 'passed' | 'warned' | 'failed' | 'rows',
  title: string,
): DataColumn<ValidationSummary> => ({
  id,
  title,
  value: (result) => result[id],
  cell: (result) => <Figure count value={result[id]} />,
  align: 'right',
  width: 90,
});

const toColumns = (
  shown: string | undefined,
  show: (id: string) => void,
): readonly DataColumn<ValidationSummary>[] => [
  {
    id: 'version',
    title: 'Version',
    value: (result) => result.version,
    cell: ({ dataset, version }) =>
      version === null ? 'refused commit' : <ReferenceLink kind="dataset" to={`${dataset}@${version}`} />,
    width: 170,
  },
  {
    id: 'status',
    title: 'Status',
    value: (result) => result.status,
    cell: ({ status }) => <StatusBadge state={status} />,
    width: 120,
  },
  count('passed', 'Passed'),
  count('warned', 'Warned'),
  count('failed', 'Failed'),
  count('rows', 'Rows'),
  { id: 'cause', title: 'Asked by', value: (result) => `${result.cause}, ${result.createdBy}` },
  {
    id: 'at',
    title: 'At',
    value: (result) => result.createdAt,
    cell: (result) => <Time at={result.createdAt} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'show',
    title: 'Found',
    value: () => null,
    cell: ({ id }) => (
      <Button variant="subtle" size="compact-xs" disabled={id === shown} onClick={() => show(id)}>
        {id === shown ? 'Shown' : 'Show'}
      </Button>
    ),
    width: 90,
  },
];

/** What is expected of a dataset, and what its versions and refused commits were found to be. */
export function ValidationPanel({ name, version, alone = false }: ValidationPanelProps) {
  const list = useList('validation', 'list', { name, ...(alone && { version: String(version) }) });
  const [chosen, setChosen] = useState<string>();
  const shown = chosen ?? list.items?.[0]?.id;
  const columns = useMemo(() => toColumns(shown, setChosen), [shown]);
  return (
    <div className="stack">
      {!alone && <ExpectationsPanel name={name} version={version} />}
      <Panel title="Results" aside={<ValidateButton name={name} version={version} onDone={setChosen} />}>
        <ListTable
          label="validation results"
          list={list}
          columns={columns}
          rowKey={(result) => result.id}
          empty={
            <EmptyState command={`tidemill datasets validate ${name}@${version}`}>
              {alone ? 'This version was not validated.' : 'No commit was validated yet.'}
            </EmptyState>
          }
        />
      </Panel>
      {shown && <ResultPanel name={name} id={shown} />}
    </div>
  );
}

interface ValidateButtonProps {
  readonly name: string;
  readonly version: number;
  readonly onDone: (id: string) => void;
}

function ValidateButton({ name, version, onDone }: ValidateButtonProps) {
  const queries = useQueryClient();
  const run = useMutation({
    mutationFn: () => client().validation.validate({ name, version: String(version) }),
    onSuccess: ({ id }) => {
      onDone(id);
      void queries.invalidateQueries();
    },
  });
  return (
    <>
      {run.error && <ErrorNotice error={run.error} />}
      <Button onClick={() => run.mutate()} loading={run.isPending}>
        Validate {name}@{version}
      </Button>
    </>
  );
}
