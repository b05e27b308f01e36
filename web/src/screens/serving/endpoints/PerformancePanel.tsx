import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Performance } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { Chart } from '../../../components/Chart.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { ask } from '../../../lib/client.ts';
import { toLines } from '../../../lib/series.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';

type Group = Performance['groups'][number];

const columns: readonly DataColumn<Group>[] = [
  { id: 'bucket', title: 'Period', value: (group) => group.bucket, width: 130 },
  {
    id: 'model',
    title: 'Model',
    value: (group) => group.model,
    cell: (group) => (group.model === 'fallback' ? 'rule' : <ReferenceLink kind="model" to={group.model} />),
  },
  {
    id: 'role',
    title: 'Role',
    value: (group) => group.role,
    cell: (group) => <StatusBadge state={group.role} />,
    width: 110,
  },
  { id: 'count', title: 'Predictions', value: (group) => group.count, align: 'right', width: 120 },
  { id: 'outcomes', title: 'Outcomes', value: (group) => group.outcomes, align: 'right', width: 110 },
  {
    id: 'mae',
    title: 'Mean absolute error',
    value: (group) => group.mae,
    cell: (group) => <Figure value={group.mae} />,
    align: 'right',
    width: 170,
  },
  {
    id: 'bias',
    title: 'Bias',
    value: (group) => group.bias,
    cell: (group) => <Figure value={group.bias} />,
    align: 'right',
    width: 120,
  },
];

const buckets = ['day', 'month', 'all'] as const;

/** Realised error per model and period. */
export function PerformancePanel({ name }: { readonly name: string }) {
  const [search, change] = useScreenSearch();
  const bucket = buckets.find((known) => known === search.state) ?? 'month';
  const performance = useQuery(ask('predictions', 'performance', { name, bucket }));
  return (
    <div className="stack">
      <div className="row">
        <SegmentedControl
          size="xs"
          transitionDuration={0}
          aria-label="Period"
          data={[...buckets]}
          value={bucket}
          onChange={(state) => change({ state })}
        />
      </div>
      <Answer of={performance} height={320}>
        {({ groups }) => (
          <>
            {bucket !== 'all' && <PerformanceChart groups={groups} />}
            <DataTable
              label="performance"
              rows={groups}
              columns={columns}
              rowKey={(group) => `${group.bucket} ${group.model} ${group.role}`}
              empty={<EmptyState>Errors are known once outcomes are recorded.</EmptyState>}
            />
          </>
        )}
      </Answer>
    </div>
  );
}

function PerformanceChart({ groups }: { readonly groups: readonly Group[] }) {
  const lines = toLines(
    groups,
    (group) => (group.role === 'live' ? group.model : `${group.model} (${group.role})`),
    (group) => Date.parse(group.bucket),
    (group) => group.mae,
  ).map((line) => ({ ...line, kind: 'bars' as const }));
  return (
    <Chart
      title="Mean absolute error"
      lines={lines}
      fromZero
      empty="Errors are known once outcomes are recorded."
    />
  );
}
