import type { Experiment } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { useList } from '../../../lib/pages.ts';

const columns: readonly DataColumn<Experiment>[] = [
  {
    id: 'name',
    title: 'Experiment',
    value: (experiment) => experiment.name,
    cell: (experiment) => <ReferenceLink kind="experiment" to={experiment.id} text={experiment.name} />,
  },
  { id: 'id', title: 'Id', value: (experiment) => experiment.id, width: 180 },
  {
    id: 'tags',
    title: 'Tags',
    value: (experiment) =>
      Object.entries(experiment.tags)
        .map(([name, value]) => `${name}=${value}`)
        .join(', '),
  },
  {
    id: 'updated',
    title: 'Changed',
    value: (experiment) => experiment.updatedAt,
    cell: (experiment) => <Time at={experiment.updatedAt} />,
    align: 'right',
    width: 120,
  },
];

export function ExperimentsScreen() {
  const list = useList('experiments', 'listExperiments', {});
  return (
    <>
      <PageHeader title="Experiments" about="Runs of one question, side by side." asked={list.asked} />
      <ListTable
        label="experiments"
        list={list}
        columns={columns}
        rowKey={(experiment) => experiment.id}
        empty={
          <EmptyState command={`MLFLOW_TRACKING_URI=${location.origin} python train.py`}>
            Nothing was tracked yet. Point a script that uses mlflow here; it needs no other change.
          </EmptyState>
        }
      />
    </>
  );
}
