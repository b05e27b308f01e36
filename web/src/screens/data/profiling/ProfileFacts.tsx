import type { Profile } from '@tidemill/sdk';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Time } from '../../../components/Time.tsx';
import { formatBytes, formatCount, formatDuration, formatShare } from '../../../lib/format.ts';

/** A whole table in one row of facts, and what its profile does not say. */
export function ProfileFacts({ profile }: { readonly profile: Profile }) {
  const { cells, missingCells, duplicates, leftOut } = profile;
  return (
    <Summary>
      <Fact name="Rows">
        <Figure count value={profile.rows} />
      </Fact>
      <Fact name="Columns">
        {profile.kinds.map(({ kind, columns }) => `${formatCount(columns)} ${kind}`).join(', ')}
      </Fact>
      <Fact name="Missing cells">
        <Figure count value={missingCells} />
        {cells > 0 && <span className="unit">{formatShare(missingCells / cells)}</span>}
      </Fact>
      {duplicates && (
        <Fact name="Repeated rows">
          <Figure count value={duplicates.rows} />
          <span className="unit">{formatShare(duplicates.share)}</span>
        </Fact>
      )}
      <Fact name="Size">
        {formatBytes(profile.bytes)}
        {profile.memoryBytes !== null && (
          <span className="unit">{formatBytes(profile.memoryBytes)} uncompressed</span>
        )}
      </Fact>
      <Fact name="Computed">
        <Time at={profile.computedAt} /> in {formatDuration(profile.seconds * 1000)}
      </Fact>
      {leftOut.length > 0 && (
        <Fact wide name="Left out">
          {leftOut.join(' ')}
        </Fact>
      )}
    </Summary>
  );
}
