import type { RegisteredModel } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { FilterBar } from '../../../components/FilterBar.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { useOwnerColumn } from '../../../components/owner-column.ts';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { TagLine } from '../../../components/TagLine.tsx';
import { Time } from '../../../components/Time.tsx';
import { useList } from '../../../lib/pages.ts';
import { modelUri } from '../../../lib/references.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { AliasLine } from './AliasLine.tsx';
import { ModelLink } from './ModelLink.tsx';

const columns: readonly DataColumn<RegisteredModel>[] = [
  {
    id: 'name',
    title: 'Model',
    value: (model) => model.name,
    cell: (model) => <ModelLink name={model.name} />,
    width: 240,
  },
  {
    id: 'latest',
    title: 'Latest',
    value: (model) => model.latestVersion,
    cell: (model) =>
      model.latestVersion === 0 ? (
        <span className="dim">none</span>
      ) : (
        <ModelLink name={model.name} version={model.latestVersion} text={`@${model.latestVersion}`} />
      ),
    align: 'right',
    width: 90,
  },
  {
    id: 'aliases',
    title: 'Aliases',
    value: (model) => Object.keys(model.aliases).join(' '),
    cell: (model) => <AliasLine model={model} />,
    width: 220,
  },
  {
    id: 'tags',
    title: 'Tags',
    value: (model) => Object.values(model.tags).join(' '),
    cell: (model) => <TagLine tags={model.tags} />,
    width: 200,
  },
  { id: 'description', title: 'Description', value: (model) => model.description },
  {
    id: 'updated',
    title: 'Changed',
    value: (model) => model.updatedAt,
    cell: (model) => <Time at={model.updatedAt} />,
    align: 'right',
    width: 120,
  },
  {
    id: 'created',
    title: 'Created',
    value: (model) => model.createdAt,
    cell: (model) => <Time at={model.createdAt} />,
    align: 'right',
    width: 120,
    hidden: true,
  },
];

const subjectOf = (model: RegisteredModel) => modelUri(model.name);

export function ModelsScreen() {
  const shown = useOwnerColumn(columns, 2, subjectOf);
  const [{ filter }, change] = useScreenSearch();
  const list = useList('registry', 'list', filter ? { filter } : {});
  return (
    <>
      <PageHeader title="Models" about="Registered models, their versions and aliases." asked={list.asked} />
      <ListTable
        label="models"
        list={list}
        columns={shown}
        rowKey={(model) => model.name}
        filterBar={
          <FilterBar
            what="models"
            example="name ILIKE '%price%' and tags.team = 'blue'"
            filter={filter ?? ''}
            isRefused={Boolean(list.error) && !list.items}
            onFilter={(next) => change({ filter: next })}
          />
        }
        empty={
          filter ? (
            <EmptyState>No model matches this filter.</EmptyState>
          ) : (
            <EmptyState command="tidemill models register NAME --run RUN">
              No model is registered yet. A job or sweep registers one where it is told to.
            </EmptyState>
          )
        }
      />
    </>
  );
}
