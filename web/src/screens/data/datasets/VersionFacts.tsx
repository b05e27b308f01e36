import type { DatasetVersion } from '@tidemill/sdk';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { LinkedText, ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { formatBytes } from '../../../lib/format.ts';

/** A version in one row of facts. */
export function VersionFacts({ version }: { readonly version: DatasetVersion }) {
  return (
    <Summary>
      <Fact name="Rows">
        <Figure count value={version.rows} />
      </Fact>
      <Fact name="Columns">
        <Figure count value={version.columns.length} />
      </Fact>
      <Fact name="Size">{formatBytes(version.bytes)}</Fact>
      <Fact name="Chunks">
        <Figure count value={version.chunks} />
      </Fact>
      <Fact name="Parent">
        {version.parent === null ? (
          'none'
        ) : (
          <ReferenceLink kind="dataset" to={`${version.dataset}@${version.parent}`} />
        )}
      </Fact>
      <Fact name="Tags">{version.tags.length > 0 ? version.tags.join(', ') : 'none'}</Fact>
      <Fact name="Made by">
        <MadeBy version={version} />
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

/** How a version came to be, and out of what. */
export function MadeBy({ version: { provenance } }: { readonly version: DatasetVersion }) {
  return (
    <>
      {provenance.kind}
      {provenance.inputs.length > 0 && (
        <>
          {' from '}
          <LinkedText>{provenance.inputs.join(', ')}</LinkedText>
        </>
      )}
    </>
  );
}
