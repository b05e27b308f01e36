import type { RegisteredModel } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { useList } from '../../../lib/pages.ts';
import { AliasLine } from './AliasLine.tsx';

const columns: readonly DataColumn<RegisteredModel>[] = [
  {
    id: 'name',
    title: 'Model',
    value: (model) => model.name,
    cell: (model) => <ReferenceLink kind="model" to={model.name} />,
    width: 220,
  },
  {
    id: 'latest',
    title: 'Latest version',
    value: (model) => model.latestVersion,
    cell: (model) => <ReferenceLink kind="model" to={`${model.name}@${model.latestVersion}`} />,
    width: 180,
  },
  {
    id: 'aliases',
    title: 'Aliases',
    value: (model) => Object.keys(model.aliases).join(' '),
    cell: (model) => <AliasLine model={model} />,
    width: 240,
  },
  { id: 'description', title: 'Description', value: (model) => model.description },
  {
    id: 'created',
    title: 'Created',
    value: (model) => model.createdAt,
    cell: (model) => <Time at={model.createdAt} />,
    align: 'right',
    width: 120,
  },
];

export function ModelsScreen() {
  const list = useList('registry', 'list', {});
  return (
    <>
      <PageHeader title="Models" about="Registered models, their versions and aliases." asked={list.asked} />
      <ListTable
        label="models"
        list={list}
        columns={columns}
        rowKey={(model) => model.name}
        empty={
          <EmptyState command="tidemill models register NAME --run RUN">
            No model is registered yet. A job or sweep registers one where it is told to.
          </EmptyState>
        }
      />
    </>
  );
}
