import { useQuery } from '@tanstack/react-query';
import type { Dependent, LineageEdge } from '@tidemill/sdk';
import { ask } from '../lib/client.ts';
import { Answer } from './Answer.tsx';
import { DataTable } from './DataTable.tsx';
import type { DataColumn } from './data-column.tsx';
import { EmptyState } from './EmptyState.tsx';
import { Panel } from './Panel.tsx';
import { ReferenceLink } from './ReferenceLink.tsx';
import { SourceMenu } from './SourceMenu.tsx';
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
          <Dependents uri={uri} />
        </div>
      )}
    </Answer>
  );
}

const dependentColumns: readonly DataColumn<Dependent>[] = [
  { id: 'uri', title: 'Thing', value: (each) => each.uri, cell: (each) => <ReferenceLink to={each.uri} /> },
  {
    id: 'state',
    title: 'State',
    value: (each) => (each.gone ? 'gone' : each.inUse ? 'in use' : 'made of it'),
    width: 120,
  },
  { id: 'steps', title: 'Steps', value: (each) => each.distance, align: 'right', width: 80 },
  { id: 'via', title: 'Via', value: (each) => each.via, cell: (each) => <ReferenceLink to={each.via} /> },
  { id: 'relation', title: 'Relation', value: (each) => each.relation, width: 150 },
];

/** What must be made again if the thing was wrong. */
function Dependents({ uri }: { readonly uri: string }) {
  const asked = ask('access', 'impact', { uri });
  const impact = useQuery(asked);
  return (
    <Panel title="All that depends on it" aside={<SourceMenu asked={asked} />}>
      <Answer of={impact}>
        {({ dependents, counts, truncated }) => (
          <div className="stack">
            {dependents.length > 0 && (
              <div className="dim">
                {Object.entries(counts)
                  .map(([kind, count]) => `${count} ${kind}`)
                  .join(', ')}
                {truncated && '; the nearest are shown, there are more'}
              </div>
            )}
            <DataTable
              label="dependents"
              rows={dependents}
              columns={dependentColumns}
              rowKey={(each) => each.uri}
              empty={<EmptyState>Nothing depends on {uri}.</EmptyState>}
            />
          </div>
        )}
      </Answer>
    </Panel>
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
