import type { Entity, FeatureService, FeatureView } from '@tidemill/sdk';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { Time } from '../../../components/Time.tsx';
import { dedent } from '../../../lib/dedent.ts';
import { type List, useList } from '../../../lib/pages.ts';
import { type Change, changesBetween } from './definition-changes.ts';
import classes from './FeatureView.module.css';

type Definition = Entity | FeatureView | FeatureService;

interface VersionsProps {
  readonly name: string;
  /** The version whose changes are shown. */
  readonly version: number;
}

export const ViewVersions = (props: VersionsProps) => (
  <VersionsPanel {...props} list={useList('features', 'listVersions', { name: props.name })} />
);
export const ServiceVersions = (props: VersionsProps) => (
  <VersionsPanel {...props} list={useList('featureServices', 'listVersions', { name: props.name })} />
);
export const EntityVersions = (props: VersionsProps) => (
  <VersionsPanel {...props} list={useList('entities', 'listVersions', { name: props.name })} />
);

const columns: readonly DataColumn<Definition>[] = [
  {
    id: 'version',
    title: 'Version',
    value: (found) => found.version,
    cell: (found) => <ReferenceLink to={found.uri} text={found.reference} />,
    width: 220,
  },
  { id: 'description', title: 'Description', value: (found) => found.description },
  { id: 'owner', title: 'Owner', value: (found) => found.owner, width: 150 },
  { id: 'by', title: 'By', value: (found) => found.createdBy, width: 130 },
  {
    id: 'created',
    title: 'Defined',
    value: (found) => found.createdAt,
    cell: (found) => <Time at={found.createdAt} />,
    align: 'right',
    width: 110,
  },
];

const changeColumns: readonly DataColumn<Change>[] = [
  { id: 'part', title: 'Part', value: ({ part }) => part, width: 200 },
  {
    id: 'before',
    title: 'Before',
    value: ({ before }) => before,
    cell: ({ before }) => <span title={before}>{before || '–'}</span>,
  },
  {
    id: 'after',
    title: 'Now',
    value: ({ after }) => after,
    cell: ({ after }) => <span title={after}>{after || '–'}</span>,
  },
];

/** Two statements side by side: a line of a table is too short for them. */
const Statements = ({ changes }: { readonly changes: readonly Change[] }) =>
  changes
    .filter(({ part, before, after }) => part === 'sql' && before !== '' && after !== '')
    .map(({ before, after }) => (
      <div key="sql" className="columns">
        <Panel title="SQL before">
          <pre className={classes.sql}>{dedent(before)}</pre>
        </Panel>
        <Panel title="SQL now">
          <pre className={classes.sql}>{dedent(after)}</pre>
        </Panel>
      </div>
    ));

/** The versions of a definition, and what this one says otherwise than the one before it. */
function VersionsPanel({ version, list }: VersionsProps & { readonly list: List<Definition> }) {
  const current = list.items?.find((found) => found.version === version);
  const before = list.items?.find((found) => found.version < version);
  const changes = current && before ? changesBetween({ ...before }, { ...current }) : [];
  return (
    <div className="stack">
      {current && before && (
        <Panel title={`What changed from ${before.reference} to ${current.reference}`}>
          <DataTable
            plain
            label="changes"
            rows={changes}
            columns={changeColumns}
            rowKey={({ part }) => part}
            minimumWidth={620}
            empty={<EmptyState>Nothing that is a part of its meaning.</EmptyState>}
          />
        </Panel>
      )}
      <Statements changes={changes} />
      <Panel title="Versions" aside={<SourceMenu asked={list.asked} />}>
        <ListTable
          label="versions"
          list={list}
          columns={columns}
          rowKey={(found) => found.reference}
          minimumWidth={760}
          empty={<EmptyState>No version.</EmptyState>}
        />
      </Panel>
    </div>
  );
}
