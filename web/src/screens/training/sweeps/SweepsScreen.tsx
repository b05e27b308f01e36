import type { SweepSummary } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { formatCount } from '../../../lib/format.ts';
import { useList } from '../../../lib/pages.ts';
import { LearnerSearchAction } from '../new-sweep/LearnerSearchAction.tsx';
import { SearchAction } from '../new-sweep/SearchAction.tsx';
import { goalText, searchOf } from './search-words.ts';

const learnerMetric = ({ definition }: SweepSummary) => String(definition.metric ?? 'mae');

const columns: readonly DataColumn<SweepSummary>[] = [
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
    id: 'name',
    title: 'Name',
    value: ({ definition }) => String(definition.name ?? ''),
    width: 150,
  },
  {
    id: 'kind',
    title: 'Over',
    value: (sweep) => (sweep.kind === 'space' ? 'a space' : 'learners'),
    width: 90,
  },
  {
    id: 'goal',
    title: 'Goal',
    value: (sweep) => searchOf(sweep)?.goals.map(goalText).join(', ') ?? `minimize ${learnerMetric(sweep)}`,
  },
  {
    id: 'trials',
    title: 'Trials',
    value: (sweep) => sweep.trials,
    cell: (sweep) => {
      const most = searchOf(sweep)?.budget.trials ?? sweep.definition.trials;
      const done = sweep.trials;
      return typeof most === 'number' ? `${formatCount(done)} of ${formatCount(most)}` : formatCount(done);
    },
    align: 'right',
    width: 130,
  },
  {
    id: 'best',
    title: 'Best value',
    value: (sweep) => sweep.best?.value,
    cell: (sweep) => (
      <Figure value={sweep.best?.value} unit={searchOf(sweep)?.goals[0]?.metric ?? learnerMetric(sweep)} />
    ),
    align: 'right',
    width: 150,
  },
  { id: 'learner', title: 'Best learner', value: (sweep) => sweep.best?.learner, width: 120, hidden: true },
  {
    id: 'trainingSet',
    title: 'Training set',
    value: (sweep) => String(sweep.definition.trainingSet ?? ''),
    cell: (sweep) => <ReferenceLink kind="dataset" to={String(sweep.definition.trainingSet ?? '')} />,
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
        about="Searches for parameters: of a command of yours over any space, or of our learners."
        asked={list.asked}
        actions={
          <>
            <SearchAction name="Search a space" />
            <LearnerSearchAction />
          </>
        }
      />
      <ListTable
        label="sweeps"
        list={list}
        columns={columns}
        rowKey={(sweep) => sweep.id}
        minimumWidth={1240}
        empty={
          <EmptyState command="tidemill sweeps search --space space.json --goal loss:min --trials 50 -- python train.py '${args}'">
            Nothing was searched yet.
          </EmptyState>
        }
      />
    </>
  );
}
