import type { EndpointRevision } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { useOwnerColumn } from '../../../components/owner-column.ts';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { useList } from '../../../lib/pages.ts';
import { VariantLine } from './VariantLine.tsx';

const columns: readonly DataColumn<EndpointRevision>[] = [
  {
    id: 'name',
    title: 'Endpoint',
    value: (revision) => revision.endpoint,
    cell: (revision) => <ReferenceLink kind="endpoint" to={revision.endpoint} />,
    width: 200,
  },
  { id: 'revision', title: 'Revision', value: (revision) => revision.revision, align: 'right', width: 90 },
  {
    id: 'variants',
    title: 'Answers',
    value: (revision) => revision.variants.map((variant) => variant.model).join(' '),
    cell: (revision) => <VariantLine variants={revision.variants} />,
  },
  { id: 'fallback', title: 'Rule', value: (revision) => revision.fallback, width: 180 },
  { id: 'isolation', title: 'Runs', value: (revision) => revision.isolation, width: 130 },
  { id: 'alias', title: 'Alias', value: (revision) => revision.alias, width: 110 },
  { id: 'by', title: 'Released by', value: (revision) => revision.createdBy, width: 140, hidden: true },
  {
    id: 'released',
    title: 'Released',
    value: (revision) => revision.createdAt,
    cell: (revision) => <Time at={revision.createdAt} />,
    align: 'right',
    width: 110,
  },
];

const subjectOf = (revision: EndpointRevision) => `endpoint:${revision.endpoint}`;

export function EndpointsScreen() {
  const shown = useOwnerColumn(columns, 1, subjectOf);
  const list = useList('endpoints', 'list', {});
  return (
    <>
      <PageHeader title="Endpoints" about="What answers requests, and with which model." asked={list.asked} />
      <ListTable
        label="endpoints"
        list={list}
        columns={shown}
        rowKey={(revision) => revision.endpoint}
        empty={
          <EmptyState command="tidemill apply">
            No endpoint answers yet. Declare one in <code>tidemill.config.ts</code> and apply it.
          </EmptyState>
        }
      />
    </>
  );
}
