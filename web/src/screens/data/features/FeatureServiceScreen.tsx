import { useQuery } from '@tanstack/react-query';
import type { FeatureService } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import { Detail, Fact } from '../../../components/Detail.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask, send } from '../../../lib/client.ts';
import { useParam } from '../../../lib/url-state.ts';
import { DefinitionHeader } from './DefinitionHeader.tsx';
import { columnLine } from './definition-facts.tsx';
import { ServiceOnline } from './OnlinePanels.tsx';
import { ServiceUses } from './UsesPanel.tsx';
import { ServiceVersions } from './VersionsPanel.tsx';

/** What a model takes: features of views under the names it knows them by, and those computed on demand. */
export function FeatureServiceScreen() {
  const name = useParam('name');
  const version = useParam('version');
  const asked = ask('featureServices', 'get', { name, version });
  const service = useQuery(asked);
  return (
    <Answer of={service}>
      {(value) => (
        <>
          <DefinitionHeader
            of={value}
            asked={asked}
            deletion={send('featureServices', 'deleteVersion', { name, version: String(value.version) })}
            deletes={`${value.reference} is deleted, unless a training set, model or endpoint uses it.`}
          >
            <Fact name="Key">{columnLine(value.joinKeys)}</Fact>
            <Fact name="The request brings">{columnLine(value.request) || 'keys alone'}</Fact>
          </DefinitionHeader>
          <Detail tabs={toTabs(value)} />
        </>
      )}
    </Answer>
  );
}

const toTabs = (service: FeatureService) => [
  {
    id: 'features',
    title: 'Features',
    count: service.outputs.length,
    render: () => <Features service={service} />,
  },
  { id: 'preview', title: 'Preview', render: () => <ServicePreview service={service} /> },
  { id: 'online', title: 'Online', render: () => <ServiceOnline key={service.uri} service={service} /> },
  {
    id: 'versions',
    title: 'Versions',
    render: () => <ServiceVersions name={service.name} version={service.version} />,
  },
  {
    id: 'uses',
    title: 'Used by',
    render: () => <ServiceUses name={service.name} version={service.version} />,
  },
  { id: 'lineage', title: 'Lineage', render: () => <LineagePanel uri={service.uri} /> },
];

interface Taken {
  readonly as: string;
  readonly name: string;
  readonly type: string;
  readonly view: string;
}

const columns: readonly DataColumn<Taken>[] = [
  { id: 'as', title: 'Feature', value: ({ as }) => as },
  { id: 'type', title: 'Type', value: ({ type }) => type, width: 130 },
  {
    id: 'view',
    title: 'Of view',
    value: ({ view }) => view,
    cell: ({ view }) => <ReferenceLink kind="view" to={view} />,
    width: 240,
  },
  { id: 'name', title: 'Called there', value: ({ name }) => name, width: 200 },
];

function Features({ service }: { readonly service: FeatureService }) {
  const taken = service.views.flatMap(({ reference, features }) =>
    features.map((feature) => ({ ...feature, view: reference })),
  );
  return (
    <div className="stack">
      <Panel title="Of views">
        <DataTable
          plain
          label="features"
          rows={taken}
          columns={columns}
          rowKey={({ as }) => as}
          maximumHeight="480px"
          minimumWidth={700}
        />
      </Panel>
      {service.onDemand.length > 0 && (
        <Panel title="On demand" aside="computed from the request and other features">
          <RowsTable label="on demand" rows={service.onDemand} names={['name', 'type', 'expression']} />
        </Panel>
      )}
    </div>
  );
}

const previewRows = 100;

/** What a training set of it would have at the first rows of one of its views. */
function ServicePreview({ service }: { readonly service: FeatureService }) {
  const asked = ask('featureServices', 'preview', { service: service.reference, limit: previewRows });
  const preview = useQuery(asked);
  return (
    <Panel title={`First ${previewRows} rows`} aside={<SourceMenu asked={asked} />}>
      <Answer of={preview} height={320}>
        {({ columns: named, rows }) => (
          <RowsTable
            label="preview"
            rows={rows}
            names={named.map(({ name }) => name)}
            maximumHeight="560px"
          />
        )}
      </Answer>
    </Panel>
  );
}
