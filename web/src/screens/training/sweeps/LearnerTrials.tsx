import type { Trial } from '@tidemill/sdk';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { formatNumber } from '../../../lib/format.ts';
import { ValueHistory } from './ValueHistory.tsx';

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

/** Trials of a sweep over our learners. */
export function LearnerTrials({ trials }: { readonly trials: readonly Trial[] }) {
  return (
    <div className="stack">
      <ValueHistory title="Value by trial" trials={trials} height={180} />
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
