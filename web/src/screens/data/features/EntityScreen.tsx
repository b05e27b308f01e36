import { useQuery } from '@tanstack/react-query';
import type { Entity } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact } from '../../../components/Detail.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { ask, send } from '../../../lib/client.ts';
import { useParam } from '../../../lib/url-state.ts';
import { DefinitionHeader } from './DefinitionHeader.tsx';
import { columnLine } from './definition-facts.tsx';
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
          <DefinitionHeader
            of={value}
            asked={asked}
            deletion={send('entities', 'delete', { name })}
            deletes={`All versions of ${name} are deleted, unless a view is about it.`}
          >
            <Fact name="Join keys">{columnLine(value.joinKeys)}</Fact>
          </DefinitionHeader>
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
