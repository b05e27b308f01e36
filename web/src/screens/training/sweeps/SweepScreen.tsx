import { useQuery } from '@tanstack/react-query';
import type { Sweep, Trial } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { Chart } from '../../../components/Chart.tsx';
import type { ChartLine } from '../../../components/chart-options.ts';
import { DataTable } from '../../../components/DataTable.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';
import { formatNumber } from '../../../lib/format.ts';
import { toLabel } from '../../../lib/references.ts';
import { useParam } from '../../../lib/url-state.ts';
import { toBestSoFar } from './best-so-far.ts';

const columns: readonly DataColumn<Trial>[] = [
  {
    id: 'number',
    title: 'Trial',
    value: (trial) => trial.number,
    cell: (trial) => <ReferenceLink kind="run" to={trial.runId} text={`trial ${trial.number}`} />,
    width: 100,
  },
  {
    id: 'state',
    title: 'State',
    value: (trial) => trial.state,
    cell: (trial) => <StatusBadge state={trial.state} />,
    width: 110,
  },
  { id: 'learner', title: 'Learner', value: (trial) => trial.learner, width: 100 },
  {
    id: 'value',
    title: 'Value',
    value: (trial) => trial.value,
    cell: (trial) => <Figure value={trial.value} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'parameters',
    title: 'Parameters',
    value: (trial) =>
      Object.entries(trial.parameters)
        .map(([name, value]) => `${name} ${typeof value === 'number' ? formatNumber(value) : value}`)
        .join(', '),
  },
  { id: 'error', title: 'Error', value: (trial) => trial.error },
];

export function SweepScreen() {
  const id = useParam('id');
  const asked = ask('sweeps', 'get', { id });
  const sweep = useQuery(asked);
  return (
    <Answer of={sweep}>
      {(value) => (
        <>
          <PageHeader
            title={`Sweep ${toLabel(String(value.definition.name ?? shortId(value.id)))}`}
            trail={[{ text: 'Sweeps', to: '/sweeps' }]}
            status={<StatusBadge state={value.state} />}
            {...(value.error && { about: value.error })}
            asked={asked}
            actions={
              value.finishedAt === null && (
                <Action
                  danger
                  name="Cancel"
                  about="The search ends; finished trials stay."
                  reason="none"
                  run={() => client().sweeps.cancel({ id })}
                />
              )
            }
          />
          <Facts sweep={value} />
          <Detail
            tabs={[
              {
                id: 'trials',
                title: 'Trials',
                count: value.trials.length,
                render: () => <Trials trials={value.trials} />,
              },
              {
                id: 'definition',
                title: 'What was asked',
                render: () => <FieldsTable label="definition" fields={value.definition} none="Nothing." />,
              },
            ]}
          />
        </>
      )}
    </Answer>
  );
}

function Facts({ sweep }: { readonly sweep: Sweep }) {
  return (
    <Summary>
      <Fact name="Training set">
        <ReferenceLink kind="dataset" to={String(sweep.definition.trainingSet ?? '')} />
      </Fact>
      <Fact name="Best">
        {sweep.best ? (
          <>
            {sweep.best.learner} <Figure value={sweep.best.value} />
          </>
        ) : (
          '–'
        )}
      </Fact>
      <Fact name="Run">
        <ReferenceLink kind="run" to={sweep.runId} text={sweep.runId ? shortId(sweep.runId) : ''} />
      </Fact>
      <Fact name="Model">
        <ReferenceLink kind="model" to={sweep.modelVersion} />
      </Fact>
      <Fact name="Started">
        <Time at={sweep.createdAt} />
      </Fact>
    </Summary>
  );
}

function Trials({ trials }: { readonly trials: readonly Trial[] }) {
  const lines = useMemo<ChartLine[]>(
    () => [
      {
        name: 'trial',
        tone: 'faint',
        kind: 'markers',
        points: trials.map((trial) => [trial.number, trial.value] as const),
      },
      { name: 'best so far', tone: 'accent', points: toBestSoFar(trials) },
    ],
    [trials],
  );
  return (
    <div className="stack">
      <Chart
        title="Value by trial"
        axis="number"
        height={180}
        lines={lines}
        empty="Two finished trials make a line."
      />
      <DataTable
        label="trials"
        rows={trials}
        columns={columns}
        rowKey={(trial) => String(trial.number)}
        empty={<EmptyState>No trial has started.</EmptyState>}
      />
    </div>
  );
}
