import { Link } from '@tanstack/react-router';
import type { Analysis } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Time } from '../../../components/Time.tsx';
import { absent } from '../../../lib/format.ts';
import { useList } from '../../../lib/pages.ts';

const columns: readonly DataColumn<Analysis>[] = [
  {
    id: 'name',
    title: 'Analysis',
    value: (analysis) => analysis.name,
    cell: ({ name }) => <Link to={`/analyses/${encodeURIComponent(name)}` as '/'}>{name}</Link>,
    width: 180,
  },
  { id: 'description', title: 'Description', value: (analysis) => analysis.description },
  { id: 'reads', title: 'Reads', value: (analysis) => analysis.versions.join(', '), width: 220 },
  { id: 'chart', title: 'Chart', value: (analysis) => analysis.chart?.kind ?? absent, width: 90 },
  {
    id: 'rows',
    title: 'Rows',
    value: (analysis) => analysis.rows,
    cell: ({ rows }) => <Figure count value={rows} />,
    align: 'right',
    width: 90,
  },
  {
    id: 'updated',
    title: 'Kept',
    value: (analysis) => analysis.updatedAt,
    cell: ({ updatedAt }) => <Time at={updatedAt} />,
    align: 'right',
    width: 110,
  },
];

/** Queries kept with what they read. */
export function AnalysesScreen() {
  const list = useList('analyses', 'list', {});
  return (
    <>
      <PageHeader
        title="Analyses"
        about="Queries kept with the versions they read and their charts."
        actions={<Link to={'/sql' as '/'}>New query</Link>}
        asked={list.asked}
      />
      <ListTable
        label="analyses"
        list={list}
        columns={columns}
        rowKey={(analysis) => analysis.name}
        empty={
          <EmptyState command={'tidemill analyses keep NAME "select …"'}>
            No analysis was kept yet. Run a query under SQL and keep it.
          </EmptyState>
        }
      />
    </>
  );
}
