import { useQuery } from '@tanstack/react-query';
import type { Run } from '@tidemill/sdk';
import { useMemo } from 'react';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { formatDuration } from '../../../lib/format.ts';
import { useList } from '../../../lib/pages.ts';
import { useParam } from '../../../lib/url-state.ts';

const tookMs = (run: Run) => (run.endedAt === null ? null : run.endedAt - run.startedAt);

const fixed: readonly DataColumn<Run>[] = [
  {
    id: 'name',
    title: 'Run',
    value: (run) => run.name,
    cell: (run) => <ReferenceLink kind="run" to={run.id} text={run.name || run.id.slice(0, 8)} />,
    width: 220,
  },
  {
    id: 'status',
    title: 'Status',
    value: (run) => run.status,
    cell: (run) => <StatusBadge state={run.status} />,
    width: 110,
  },
  {
    id: 'started',
    title: 'Started',
    value: (run) => run.startedAt,
    cell: (run) => <Time at={run.startedAt} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'took',
    title: 'Took',
    value: tookMs,
    cell: (run) => formatDuration(tookMs(run)),
    align: 'right',
    width: 100,
  },
  { id: 'user', title: 'User', value: (run) => run.user, width: 120, hidden: true },
];

const shownMetrics = 5;
const shownParameters = 4;

/** The columns follow from what the runs logged. */
function toColumns(runs: readonly Run[]): readonly DataColumn<Run>[] {
  const metrics = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))].sort();
  const parameters = [...new Set(runs.flatMap((run) => Object.keys(run.parameters)))].sort();
  return [
    ...fixed,
    ...metrics.map(
      (name, index): DataColumn<Run> => ({
        id: `metrics.${name}`,
        title: name,
        value: (run) => run.metrics[name],
        cell: (run) => <Figure value={run.metrics[name]} />,
        align: 'right',
        width: 110,
        hidden: index >= shownMetrics,
      }),
    ),
    ...parameters.map(
      (name, index): DataColumn<Run> => ({
        id: `parameters.${name}`,
        title: name,
        value: (run) => run.parameters[name],
        width: 130,
        hidden: index >= shownParameters,
      }),
    ),
  ];
}

export function ExperimentScreen() {
  const id = useParam('id');
  const experiments = useQuery(ask('experiments', 'listExperiments', { limit: 1000 }));
  const name = experiments.data?.items.find((experiment) => experiment.id === id)?.name ?? id;
  const list = useList('experiments', 'searchRuns', { experimentIds: [id] });
  const columns = useMemo(() => toColumns(list.items ?? []), [list.items]);
  return (
    <>
      <PageHeader title={name} trail={[{ text: 'Experiments', to: '/experiments' }]} asked={list.asked} />
      <ListTable
        label="runs"
        list={list}
        columns={columns}
        rowKey={(run) => run.id}
        empty={
          <EmptyState command={`MLFLOW_TRACKING_URI=${location.origin} python train.py`}>
            This experiment has no run yet.
          </EmptyState>
        }
      />
    </>
  );
}
