import type { DatasetVersion } from '@tidemill/sdk';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { LinkedText, ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { formatBytes, formatShare } from '../../../lib/format.ts';

/** A version in one row of facts. */
interface VersionFactsProps {
  readonly version: DatasetVersion;
  /** The columns that name a row of the dataset. */
  readonly names?: readonly string[] | undefined;
}

export function VersionFacts({ version, names }: VersionFactsProps) {
  return (
    <Summary>
      <Fact name="Rows">
        <Figure count value={version.rows} />
      </Fact>
      <Fact name="Columns">
        <Figure count value={version.columns.length} />
      </Fact>
      <Fact name="Size">{formatBytes(version.bytes)}</Fact>
      <Fact name="Stored anew">
        <Stored version={version} />
      </Fact>
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
      {names && <Fact name="A row is named by">{names.length > 0 ? names.join(', ') : 'no key'}</Fact>}
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

/** What a commit added to the files that hold the rows, and how much of all of them that is. */
function Stored({ version: { storedBytes, bytes } }: { readonly version: DatasetVersion }) {
  if (storedBytes === null) return <span title="It was made before this was counted.">unknown</span>;
  return (
    <span className="number">
      {formatBytes(storedBytes)}
      {bytes > 0 && <span className="dim">, {formatShare(storedBytes / bytes)}</span>}
    </span>
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
