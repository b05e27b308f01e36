import { useQuery } from '@tanstack/react-query';
import type { DatasetVersion } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { LinkedText, ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { formatBytes } from '../../../lib/format.ts';
import { useParam } from '../../../lib/url-state.ts';
import { ProfilePanel } from './ProfilePanel.tsx';
import { RowsPreview } from './RowsPreview.tsx';

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
            asked={asked}
          />
          <Facts version={value} />
          <Detail tabs={toTabs(value)} />
        </>
      )}
    </Answer>
  );
}

const toTabs = (version: DatasetVersion) => {
  const one = { name: version.dataset, version: String(version.version) };
  return [
    {
      id: 'columns',
      title: 'Columns',
      count: version.columns.length,
      render: () => <ProfilePanel {...one} />,
    },
    { id: 'rows', title: 'Rows', render: () => <RowsPreview {...one} rows={version.rows} /> },
    {
      id: 'provenance',
      title: 'Provenance',
      render: () => (
        <FieldsTable
          label="provenance"
          fields={version.provenance.detail}
          none="Nothing more is recorded about where it came from."
        />
      ),
    },
    { id: 'lineage', title: 'Lineage', render: () => <LineagePanel uri={version.uri} /> },
  ];
};

function Facts({ version }: { readonly version: DatasetVersion }) {
  return (
    <Summary>
      <Fact name="Rows">
        <Figure count value={version.rows} />
      </Fact>
      <Fact name="Size">{formatBytes(version.bytes)}</Fact>
      <Fact name="Chunks">{version.chunks}</Fact>
      <Fact name="Parent">
        {version.parent === null ? (
          'none'
        ) : (
          <ReferenceLink kind="dataset" to={`${version.dataset}@${version.parent}`} />
        )}
      </Fact>
      <Fact name="Tags">{version.tags.length > 0 ? version.tags.join(', ') : 'none'}</Fact>
      <Fact name="Made by">
        {version.provenance.kind}
        {version.provenance.inputs.length > 0 && (
          <>
            {' from '}
            <LinkedText>{version.provenance.inputs.join(', ')}</LinkedText>
          </>
        )}
      </Fact>
      <Fact name="Committed">
        <Time at={version.createdAt} /> by {version.createdBy}
      </Fact>
      <Fact name="Digest">
        <span className="mono" title={version.digest}>
          {version.digest.slice(0, 12)}
        </span>
      </Fact>
    </Summary>
  );
}
