import { useQuery } from '@tanstack/react-query';
import type { FeatureView } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact } from '../../../components/Detail.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { ask, send } from '../../../lib/client.ts';
import { useParam } from '../../../lib/url-state.ts';
import { DefinitionHeader } from './DefinitionHeader.tsx';
import { columnLine, References } from './definition-facts.tsx';
import { HealthPanel } from './HealthPanel.tsx';
import { ImpactPanel } from './ImpactPanel.tsx';
import { ViewOnline } from './OnlinePanels.tsx';
import { ViewUses } from './UsesPanel.tsx';
import { ViewVersions } from './VersionsPanel.tsx';
import { ViewDefinition, ViewPreview } from './ViewDefinition.tsx';

export function FeatureViewScreen() {
  const name = useParam('name');
  const version = useParam('version');
  const asked = ask('features', 'get', { name, version });
  const view = useQuery(asked);
  return (
    <Answer of={view}>
      {(value) => (
        <>
          <DefinitionHeader
            of={value}
            asked={asked}
            deletion={send('features', 'deleteVersion', { name, version: String(value.version) })}
            deletes={`${value.reference} is deleted, unless a service, training set, model or endpoint uses it.`}
          >
            <Facts view={value} />
          </DefinitionHeader>
          <Detail tabs={toTabs(value)} />
        </>
      )}
    </Answer>
  );
}

const toTabs = (view: FeatureView) => [
  { id: 'definition', title: 'Definition', render: () => <ViewDefinition view={view} /> },
  { id: 'preview', title: 'Preview', render: () => <ViewPreview view={view} /> },
  {
    id: 'versions',
    title: 'Versions',
    render: () => <ViewVersions name={view.name} version={view.version} />,
  },
  { id: 'online', title: 'Online', render: () => <ViewOnline key={view.uri} view={view} /> },
  { id: 'health', title: 'Health', render: () => <HealthPanel key={view.uri} view={view} /> },
  { id: 'uses', title: 'Used by', render: () => <ViewUses name={view.name} version={view.version} /> },
  {
    id: 'impact',
    title: 'What breaks if it changes',
    render: () => <ImpactPanel key={view.uri} view={view} />,
  },
  { id: 'lineage', title: 'Lineage', render: () => <LineagePanel uri={view.uri} /> },
];

function Facts({ view }: { readonly view: FeatureView }) {
  const { materialize } = view.online;
  return (
    <>
      {view.entities.length > 0 && (
        <Fact name="Entities">
          <References kind="entity" to={view.entities} />
        </Fact>
      )}
      <Fact name="Key">{view.joinKeys.length > 0 ? columnLine(view.joinKeys) : view.entity.join(', ')}</Fact>
      <Fact name="Event time">{view.eventTime}</Fact>
      <Fact name="Known since">{view.createdTime ?? 'the event time'}</Fact>
      <Fact name="Good for">{view.ttl ?? 'ever'}</Fact>
      <Fact name="Fresh within">{view.freshness ?? 'no objective'}</Fact>
      <Fact name="Online">
        {[materialize?.schedule, materialize?.onDatasetVersion && 'on each dataset version']
          .filter(Boolean)
          .join(', ') || 'by hand'}
      </Fact>
      <Fact name="Reads">
        <References kind="dataset" to={view.datasets} />
      </Fact>
    </>
  );
}
