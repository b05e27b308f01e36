import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { Entity } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ask, send } from '../../../lib/client.ts';
import { useParam } from '../../../lib/url-state.ts';
import { columnLine, DefinedFacts } from './definition-facts.tsx';
import { EntityUses } from './UsesPanel.tsx';
import { EntityVersions } from './VersionsPanel.tsx';

/** What features are about, and which columns name one of them. */
export function EntityScreen() {
  const name = useParam('name');
  const version = useParam('version');
  const asked = ask('entities', 'getVersion', { name, version });
  const entity = useQuery(asked);
  return (
    <Answer of={entity}>
      {(value) => (
        <>
          <PageHeader
            title={value.reference}
            trail={[{ text: 'Features', to: '/features' }]}
            about={value.description}
            asked={asked}
            actions={<DeleteAction name={name} />}
          />
          <Summary>
            <Fact name="Join keys">{columnLine(value.joinKeys)}</Fact>
            <DefinedFacts of={value} />
          </Summary>
          <Detail tabs={toTabs(value)} />
        </>
      )}
    </Answer>
  );
}

const toTabs = ({ name, version, uri }: Entity) => [
  { id: 'uses', title: 'Used by', render: () => <EntityUses name={name} version={version} /> },
  { id: 'versions', title: 'Versions', render: () => <EntityVersions name={name} version={version} /> },
  { id: 'lineage', title: 'Lineage', render: () => <LineagePanel uri={uri} /> },
];

function DeleteAction({ name }: { readonly name: string }) {
  const navigate = useNavigate();
  return (
    <Action
      {...send('entities', 'delete', { name })}
      danger
      name="Delete"
      about={`All versions of ${name} are deleted, unless a view is about it.`}
      reason="none"
      onDone={() => void navigate({ to: '/features' as '/' })}
    />
  );
}
