import type { Rollout } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { useList } from '../../../lib/pages.ts';

const columns: readonly DataColumn<Rollout>[] = [
  {
    id: 'id',
    title: 'Rollout',
    value: (rollout) => rollout.id,
    cell: (rollout) => <ReferenceLink kind="rollout" to={rollout.id} text={shortId(rollout.id)} />,
    width: 120,
  },
  {
    id: 'stage',
    title: 'Stage',
    value: (rollout) => rollout.stage,
    cell: (rollout) => <StatusBadge state={rollout.stage} />,
    width: 130,
  },
  {
    id: 'endpoint',
    title: 'Endpoint',
    value: (rollout) => rollout.endpoint,
    cell: (rollout) => <ReferenceLink kind="endpoint" to={rollout.endpoint} />,
  },
  {
    id: 'candidate',
    title: 'Candidate',
    value: (rollout) => rollout.candidate,
    cell: (rollout) => <ReferenceLink kind="model" to={rollout.candidate} />,
    width: 160,
  },
  {
    id: 'champion',
    title: 'Against',
    value: (rollout) => rollout.champion,
    cell: (rollout) => <ReferenceLink kind="model" to={rollout.champion} />,
    width: 160,
  },
  {
    id: 'pairs',
    title: 'Pairs',
    value: (rollout) => rollout.evidence?.pairs,
    align: 'right',
    width: 80,
  },
  {
    id: 'difference',
    title: 'Error difference',
    value: (rollout) => rollout.evidence?.meanDifference,
    cell: (rollout) => <Figure value={rollout.evidence?.meanDifference} />,
    align: 'right',
    width: 130,
  },
  {
    id: 'started',
    title: 'Started',
    value: (rollout) => rollout.createdAt,
    cell: (rollout) => <Time at={rollout.createdAt} />,
    align: 'right',
    width: 110,
  },
];

export function RolloutsScreen() {
  const list = useList('rollouts', 'list', {});
  return (
    <>
      <PageHeader
        title="Rollouts"
        about="A candidate proves itself in shadow, then on a share of traffic, or is taken back."
        asked={list.asked}
      />
      <ListTable
        label="rollouts"
        list={list}
        columns={columns}
        rowKey={(rollout) => rollout.id}
        empty={
          <EmptyState command="tidemill rollouts start ENDPOINT MODEL@VERSION">
            No candidate has been rolled out yet.
          </EmptyState>
        }
      />
    </>
  );
}
