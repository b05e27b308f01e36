import { Link } from '@tanstack/react-router';
import { TidemillClientError } from '@tidemill/sdk';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { formatValue, plural } from '../../../lib/format.ts';

/** What the server says of each expectation that rows did not meet. */
interface Refused {
  readonly index: number;
  readonly title: string;
  readonly reason: string | null;
  readonly observed: number | string | null;
  readonly unexpected: number | null;
  readonly rows: number | null;
  readonly sample: readonly { readonly row: number | null }[];
}

interface UploadErrorProps {
  readonly error: unknown;
  /** Where the upload went. */
  readonly dataset: string;
  readonly close: () => void;
}

/** Why a file did not become a version: what it says itself, or each thing that was expected of its rows. */
export function UploadError({ error, dataset, close }: UploadErrorProps) {
  if (!(error instanceof TidemillClientError) || error.code !== 'datasetRefused')
    return <ErrorNotice error={error} />;
  const failed = error.details.failed as readonly Refused[];
  return (
    <ErrorNotice error={error}>
      <p>The file is read, but its rows are not what is expected of {dataset}:</p>
      <ul aria-label="not as expected" style={{ listStyle: 'disc', paddingLeft: 18, margin: '4px 0' }}>
        {failed.map((expectation) => (
          <li key={expectation.index}>
            {expectation.title} <span className="dim">{foundOf(expectation)}</span>
          </li>
        ))}
      </ul>
      <p>
        Mend the rows, or change the expectations.{' '}
        <Link
          to={`/datasets/${encodeURIComponent(dataset)}` as '/'}
          search={{ tab: 'validation' } as never}
          onClick={close}
        >
          All that was found
        </Link>
      </p>
    </ErrorNotice>
  );
}

function foundOf({ reason, unexpected, rows, observed, sample }: Refused): string {
  if (reason !== null) return reason;
  if (unexpected === null || rows === null) return `found ${formatValue(observed)}`;
  const first = sample[0]?.row;
  return `not in ${plural(unexpected, 'row')} of ${plural(rows, 'row')}${first ? `, first in row ${first}` : ''}`;
}
