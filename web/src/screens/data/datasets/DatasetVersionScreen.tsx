import { useQuery } from '@tanstack/react-query';
import type { DatasetVersion } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { Detail } from '../../../components/Detail.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ask } from '../../../lib/client.ts';
import { useParam } from '../../../lib/url-state.ts';
import { ValidationPanel } from '../validation/ValidationPanel.tsx';
import { DeriveAction } from './DeriveAction.tsx';
import { ImportWarnings } from './ImportWarnings.tsx';
import { ProvenancePanel } from './ProvenancePanel.tsx';
import { SplitsPanel } from './SplitsPanel.tsx';
import { DeleteVersionAction, DownloadMenu, ForkAction, TagAction } from './VersionActions.tsx';
import { VersionFacts } from './VersionFacts.tsx';
import { toVersionTabs } from './version-tabs.tsx';

export function DatasetVersionScreen() {
  const name = useParam('name');
  const version = useParam('version');
  const asked = ask('datasets', 'getVersion', { name, version });
  const found = useQuery(asked);
  return (
    <Answer of={found}>
      {(value) => (
        <>
          <PageHeader
            title={value.reference}
            trail={[
              { text: 'Datasets', to: '/datasets' },
              { text: name, to: `/datasets/${encodeURIComponent(name)}` },
            ]}
            about={value.message}
            actions={
              <>
                <DownloadMenu version={value} />
                <TagAction version={value} />
                <ForkAction version={value} />
                <DeriveAction from={value.reference} />
                <DeleteVersionAction version={value} />
              </>
            }
            asked={asked}
          />
          <VersionFacts version={value} />
          <ImportWarnings version={value} />
          <Detail tabs={toTabs(value)} />
        </>
      )}
    </Answer>
  );
}

const toTabs = (version: DatasetVersion) => [
  ...toVersionTabs(version),
  {
    id: 'validation',
    title: 'Validation',
    render: () => <ValidationPanel alone name={version.dataset} version={version.version} />,
  },
  { id: 'splits', title: 'Splits', render: () => <SplitsPanel version={version} /> },
  {
    id: 'provenance',
    title: 'Provenance',
    render: () => <ProvenancePanel version={version} />,
  },
  { id: 'lineage', title: 'Lineage', render: () => <LineagePanel uri={version.uri} /> },
];
