import { useQuery } from '@tanstack/react-query';
import type { LineageEdge } from '@tidemill/sdk';
import { ask } from '../lib/client.ts';
import { Answer } from './Answer.tsx';
import { DataTable } from './DataTable.tsx';
import type { DataColumn } from './data-column.tsx';
import { EmptyState } from './EmptyState.tsx';
import { Panel } from './Panel.tsx';
import { ReferenceLink } from './ReferenceLink.tsx';
import { Time } from './Time.tsx';

const columns: readonly DataColumn<LineageEdge>[] = [
  { id: 'from', title: 'From', value: (edge) => edge.from, cell: (edge) => <ReferenceLink to={edge.from} /> },
  { id: 'relation', title: 'Relation', value: (edge) => edge.relation, width: 150 },
  { id: 'to', title: 'To', value: (edge) => edge.to, cell: (edge) => <ReferenceLink to={edge.to} /> },
  {
    id: 'at',
    title: 'Since',
    value: (edge) => edge.createdAt,
    cell: (edge) => <Time at={edge.createdAt} />,
    align: 'right',
    width: 120,
  },
];

/** What a thing came from and what came of it. */
export function LineagePanel({ uri }: { readonly uri: string }) {
  const lineage = useQuery(ask('access', 'lineage', { uri }));
  return (
    <Answer of={lineage}>
      {({ upstream, downstream }) => (
        <div className="stack">
          <Edges title="It came from" edges={upstream} none={`Nothing is recorded above ${uri}.`} />
          <Edges title="What came of it" edges={downstream} none={`Nothing uses ${uri} yet.`} />
        </div>
      )}
    </Answer>
  );
}

interface EdgesProps {
  readonly title: string;
  readonly edges: readonly LineageEdge[];
  readonly none: string;
}

function Edges({ title, edges, none }: EdgesProps) {
  return (
    <Panel title={title}>
      <DataTable
        plain
        label={title}
        rows={edges}
        columns={columns}
        rowKey={(edge) => `${edge.from} ${edge.relation} ${edge.to}`}
        empty={<EmptyState>{none}</EmptyState>}
      />
    </Panel>
  );
}
