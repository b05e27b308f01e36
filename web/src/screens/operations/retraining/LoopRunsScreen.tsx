import type { LoopRun } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { formatDuration } from '../../../lib/format.ts';
import { useList } from '../../../lib/pages.ts';
import { LoopRunVerdict } from './LoopRunTimeline.tsx';
import { StartLoopRun } from './StartLoopRun.tsx';

const tookMs = (run: LoopRun) => (run.finishedAt === null ? null : run.finishedAt - run.createdAt);

const columns: readonly DataColumn<LoopRun>[] = [
  {
    id: 'id',
    title: 'Loop run',
    value: (run) => run.id,
    cell: (run) => <ReferenceLink kind="loop-run" to={run.id} text={shortId(run.id)} />,
    width: 120,
  },
  {
    id: 'verdict',
    title: 'Verdict',
    value: (run) => run.verdict ?? run.state,
    cell: (run) => <LoopRunVerdict run={run} />,
    width: 130,
  },
  {
    id: 'endpoint',
    title: 'Endpoint',
    value: (run) => run.endpoint,
    cell: (run) => <ReferenceLink kind="endpoint" to={run.endpoint} />,
    width: 140,
  },
  { id: 'trigger', title: 'Trigger', value: (run) => run.trigger },
  {
    id: 'candidate',
    title: 'Candidate',
    value: (run) => run.candidate,
    cell: (run) => <ReferenceLink kind="model" to={run.candidate} />,
    width: 150,
  },
  { id: 'policy', title: 'Policy', value: (run) => run.policy, width: 140 },
  {
    id: 'took',
    title: 'Took',
    value: tookMs,
    cell: (run) => formatDuration(tookMs(run)),
    align: 'right',
    width: 110,
  },
  {
    id: 'created',
    title: 'Started',
    value: (run) => run.createdAt,
    cell: (run) => <Time at={run.createdAt} />,
    align: 'right',
    width: 120,
  },
];

export function LoopRunsScreen() {
  const list = useList('retraining', 'list', {});
  return (
    <>
      <PageHeader
        title="Loop runs"
        about="Each turn of the loop: data, search, proof, release, and what was decided."
        actions={<StartLoopRun />}
        asked={list.asked}
      />
      <ListTable
        label="loop runs"
        list={list}
        columns={columns}
        rowKey={(run) => run.id}
        empty={
          <EmptyState command="tidemill loop start POLICY --reason '…'">
            The loop has not turned yet.
          </EmptyState>
        }
      />
    </>
  );
}
