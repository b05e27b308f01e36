import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { DatasetVersion } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { Detail } from '../../../components/Detail.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { ask, client } from '../../../lib/client.ts';
import { useParam } from '../../../lib/url-state.ts';
import { ValidationPanel } from '../validation/ValidationPanel.tsx';
import { DiffPanel } from './DiffPanel.tsx';
import { UploadAction } from './UploadAction.tsx';
import { DownloadMenu, TagAction } from './VersionActions.tsx';
import { VersionFacts } from './VersionFacts.tsx';
import { VersionsTable } from './VersionsTable.tsx';
import { toVersionTabs } from './version-tabs.tsx';

/** A dataset: what became of it, and what its newest version holds. */
export function DatasetScreen() {
  const name = useParam('name');
  const asked = ask('datasets', 'get', { name });
  const dataset = useQuery(asked);
  const latest = useQuery(ask('datasets', 'getVersion', { name, version: 'latest' }));
  return (
    <>
      <PageHeader
        title={name}
        trail={[{ text: 'Datasets', to: '/datasets' }]}
        about={dataset.data?.description}
        status={latest.data && <ReferenceLink to={latest.data.uri} text={latest.data.reference} />}
        actions={
          latest.data && (
            <>
              <UploadAction name={name} />
              <DownloadMenu version={latest.data} />
              <TagAction version={latest.data} />
              <DeleteAction name={name} />
            </>
          )
        }
        asked={asked}
      />
      <Answer of={latest} height={48}>
        {(version) => (
          <>
            <VersionFacts version={version} />
            <Detail tabs={toTabs(version)} />
          </>
        )}
      </Answer>
    </>
  );
}

const toTabs = (latest: DatasetVersion) => [
  {
    id: 'versions',
    title: 'Versions',
    count: latest.version,
    render: () => <VersionsTable name={latest.dataset} />,
  },
  ...toVersionTabs(latest),
  {
    id: 'validation',
    title: 'Validation',
    render: () => <ValidationPanel name={latest.dataset} version={latest.version} />,
  },
  {
    id: 'compare',
    title: 'Compare',
    render: () => <DiffPanel name={latest.dataset} latest={latest.version} />,
  },
  { id: 'lineage', title: 'Lineage', render: () => <LineagePanel uri={latest.uri} /> },
];

function DeleteAction({ name }: { readonly name: string }) {
  const navigate = useNavigate();
  return (
    <Action
      danger
      name="Delete"
      about={`All versions of ${name} are deleted, unless something uses one of them.`}
      reason="none"
      run={() => client().datasets.delete({ name })}
      onDone={() => void navigate({ to: '/datasets' as '/' })}
    />
  );
}
