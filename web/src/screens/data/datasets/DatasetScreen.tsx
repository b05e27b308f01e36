import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { Dataset, DatasetVersion } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { Detail } from '../../../components/Detail.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { ask, send } from '../../../lib/client.ts';
import { useParam } from '../../../lib/url-state.ts';
import { useFields } from '../../../lib/use-fields.ts';
import { ValidationPanel } from '../validation/ValidationPanel.tsx';
import { DeriveAction } from './DeriveAction.tsx';
import { DiffPanel } from './DiffPanel.tsx';
import { namesOf } from './split-rules.ts';
import { TagsPanel } from './TagsPanel.tsx';
import { UploadAction } from './UploadAction.tsx';
import { DownloadMenu, ForkAction, TagAction } from './VersionActions.tsx';
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
              <ForkAction version={latest.data} />
              <DeriveAction from={latest.data.reference} />
              {dataset.data && <DescribeAction key={describedAs(dataset.data)} dataset={dataset.data} />}
              <DeleteAction name={name} />
            </>
          )
        }
        asked={asked}
      />
      <Answer of={latest} height={48}>
        {(version) => (
          <>
            <VersionFacts version={version} names={dataset.data?.key} />
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
  { id: 'tags', title: 'Tags', render: () => <TagsPanel latest={latest} /> },
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

/** Only another text or key makes a new form: what is typed outlives all other news of the dataset. */
const describedAs = ({ description, key }: Dataset): string => JSON.stringify([description, key]);

/** What the dataset is, and which columns name a row of it. */
function DescribeAction({ dataset }: { readonly dataset: Dataset }) {
  const { fields, bind } = useFields({ description: dataset.description, key: dataset.key.join(', ') });
  const input = { name: dataset.name, description: fields.description.trim(), key: namesOf(fields.key) };
  return (
    <Action
      {...send('datasets', 'update', input)}
      name="Describe"
      about="What the dataset is, and which columns name a row: versions are compared by them."
      reason="none"
    >
      <TextInput label="Description" maxLength={2000} data-autofocus {...bind('description')} />
      <TextInput label="Key columns" placeholder="none" {...bind('key')} />
    </Action>
  );
}

function DeleteAction({ name }: { readonly name: string }) {
  const navigate = useNavigate();
  return (
    <Action
      {...send('datasets', 'delete', { name })}
      danger
      name="Delete"
      about={`All versions of ${name} are deleted, unless something uses one of them.`}
      reason="none"
      onDone={() => void navigate({ to: '/datasets' as '/' })}
    />
  );
}
