import type { Sweep } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { useList } from '../../../lib/pages.ts';

const columns: readonly DataColumn<Sweep>[] = [
  {
    id: 'id',
    title: 'Sweep',
    value: (sweep) => sweep.id,
    cell: (sweep) => <ReferenceLink kind="sweep" to={sweep.id} text={shortId(sweep.id)} />,
    width: 120,
  },
  {
    id: 'state',
    title: 'State',
    value: (sweep) => sweep.state,
    cell: (sweep) => <StatusBadge state={sweep.state} />,
    width: 120,
  },
  {
    id: 'trainingSet',
    title: 'Training set',
    value: (sweep) => String(sweep.definition.trainingSet ?? ''),
    cell: (sweep) => <ReferenceLink kind="dataset" to={String(sweep.definition.trainingSet ?? '')} />,
  },
  { id: 'trials', title: 'Trials', value: (sweep) => sweep.trials.length, align: 'right', width: 80 },
  { id: 'learner', title: 'Best learner', value: (sweep) => sweep.best?.learner, width: 120 },
  {
    id: 'best',
    title: 'Best value',
    value: (sweep) => sweep.best?.value,
    cell: (sweep) => <Figure value={sweep.best?.value} unit={String(sweep.definition.metric ?? 'mae')} />,
    align: 'right',
    width: 130,
  },
  {
    id: 'model',
    title: 'Model',
    value: (sweep) => sweep.modelVersion,
    cell: (sweep) => <ReferenceLink kind="model" to={sweep.modelVersion} />,
    width: 150,
  },
  {
    id: 'created',
    title: 'Started',
    value: (sweep) => sweep.createdAt,
    cell: (sweep) => <Time at={sweep.createdAt} />,
    align: 'right',
    width: 110,
  },
];

export function SweepsScreen() {
  const list = useList('sweeps', 'list', {});
  return (
    <>
      <PageHeader
        title="Sweeps"
        about="Searches over learners and parameters, each trial on expanding windows of time."
        asked={list.asked}
      />
      <ListTable
        label="sweeps"
        list={list}
        columns={columns}
        rowKey={(sweep) => sweep.id}
        empty={
          <EmptyState command="tidemill sweeps create --training-set NAME@1 --features a,b --target y --time-column date">
            Nothing was searched yet.
          </EmptyState>
        }
      />
    </>
  );
}
