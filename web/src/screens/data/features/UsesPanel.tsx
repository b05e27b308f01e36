import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { FeatureUses } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask } from '../../../lib/client.ts';
import type { Asked } from '../../../lib/http-form.ts';

interface UsesProps {
  readonly name: string;
  readonly version: number;
}

const toInput = ({ name, version }: UsesProps) => ({ name, version: String(version) });

export function ViewUses(props: UsesProps) {
  const asked = ask('features', 'uses', toInput(props));
  return <UsesPanel asked={asked} of={useQuery(asked)} />;
}
export function ServiceUses(props: UsesProps) {
  const asked = ask('featureServices', 'uses', toInput(props));
  return <UsesPanel asked={asked} of={useQuery(asked)} />;
}
export function EntityUses(props: UsesProps) {
  const asked = ask('entities', 'uses', toInput(props));
  return <UsesPanel asked={asked} of={useQuery(asked)} />;
}

interface UsesPanelProps {
  readonly asked: Asked;
  readonly of: UseQueryResult<FeatureUses>;
}

/** Who uses a definition now, directly or through one another. */
function UsesPanel({ asked, of }: UsesPanelProps) {
  return (
    <Panel title="Used by" aside={<SourceMenu asked={asked} />}>
      <Answer of={of}>{(uses) => <UsersTable uses={uses} label="users" />}</Answer>
    </Panel>
  );
}

interface User {
  readonly kind: string;
  readonly uri: string;
}

const columns: readonly DataColumn<User>[] = [
  { id: 'kind', title: 'Kind', value: ({ kind }) => kind, width: 150 },
  {
    id: 'uri',
    title: 'Name',
    value: ({ uri }) => uri,
    cell: ({ uri }) => <ReferenceLink to={uri} text={uri.replace(/^[a-z-]+:/, '')} />,
  },
];

const listed = (uses: FeatureUses): User[] => [
  ...uses.views.map((uri) => ({ kind: 'view', uri })),
  ...uses.services.map((uri) => ({ kind: 'service', uri })),
  ...uses.trainingSets.map((uri) => ({ kind: 'training set', uri })),
  ...uses.models.map((uri) => ({ kind: 'model', uri })),
  ...uses.endpoints.map((uri) => ({ kind: 'endpoint', uri })),
];

interface UsersTableProps {
  readonly uses: FeatureUses;
  readonly label: string;
}

export function UsersTable({ uses, label }: UsersTableProps) {
  return (
    <>
      <DataTable
        plain
        label={label}
        rows={listed(uses)}
        columns={columns}
        rowKey={({ uri }) => uri}
        maximumHeight="420px"
        empty={<EmptyState>Nothing uses it.</EmptyState>}
      />
      {uses.truncated && <p className="dim">There are more.</p>}
    </>
  );
}

/** In one line: how many of each. */
export function usersLine(uses: FeatureUses): string {
  const counts = new Map<string, number>();
  for (const { kind } of listed(uses)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  if (counts.size === 0) return 'nobody';
  return [...counts].map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`).join(', ');
}
