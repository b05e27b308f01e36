import { useQuery } from '@tanstack/react-query';
import type { TrainingSetBuild } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { Progress } from '../../../components/Progress.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, send } from '../../../lib/client.ts';

const liveMs = 1000;
/** A build that begins elsewhere is seen by then. */
const restMs = 10_000;

const columns: readonly DataColumn<TrainingSetBuild>[] = [
  { id: 'name', title: 'Training set', value: ({ name }) => name, width: 220 },
  {
    id: 'progress',
    title: 'Done',
    value: ({ done, steps }) => done / steps,
    cell: ({ name, done, steps }) => <Progress label={`${name}, steps done`} done={done} of={steps} />,
    width: 220,
  },
  { id: 'step', title: 'Now', value: ({ step }) => step },
  { id: 'by', title: 'By', value: ({ createdBy }) => createdBy, width: 150 },
  {
    id: 'started',
    title: 'Begun',
    value: ({ startedAt }) => startedAt,
    cell: ({ startedAt }) => <Time at={startedAt} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'cancel',
    title: '',
    value: () => null,
    cell: ({ id }) => (
      <Action
        {...send('features', 'cancelTrainingSetBuild', { id })}
        inRow
        name="Cancel"
        about="It stops, and nothing is left of it. Whoever waits for it is told by whom."
        reason="none"
      />
    ),
    width: 80,
  },
];

/** Training sets on their way; nothing while there is none. */
export function BuildsPanel() {
  const { data } = useQuery({
    ...ask('features', 'listTrainingSetBuilds', {}),
    refetchInterval: ({ state }) => (state.data?.items.length ? liveMs : restMs),
  });
  if (!data || data.items.length === 0) return null;
  return (
    <Panel title="Being built">
      <DataTable
        plain
        label="builds"
        rows={data.items}
        columns={columns}
        rowKey={({ id }) => id}
        empty={null}
      />
    </Panel>
  );
}
