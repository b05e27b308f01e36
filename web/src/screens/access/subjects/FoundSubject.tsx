import type { SubjectFindings, SubjectPlace } from '@tidemill/sdk';
import type { ReactNode } from 'react';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';

type Place = SubjectPlace & { readonly holder: string };

const columns: readonly DataColumn<Place>[] = [
  { id: 'holder', title: 'Holder', value: (each) => each.holder, width: 130 },
  {
    id: 'what',
    title: 'Where',
    value: (each) => each.what,
    cell: (each) => <ReferenceLink to={each.what} />,
  },
  { id: 'rows', title: 'Rows', value: (each) => each.rows, align: 'right', width: 110 },
];

/** Where rows of a subject are, before anything is done. */
export function FoundSubject({
  found,
  action,
}: {
  readonly found: SubjectFindings;
  readonly action: ReactNode;
}) {
  const places = found.holders.flatMap(({ holder, places: some }) =>
    some.map((place) => ({ ...place, holder })),
  );
  return (
    <Panel title="Where it is" aside={found.rows > 0 && action}>
      <div className="stack">
        <DataTable
          plain
          label="places"
          rows={places}
          columns={columns}
          rowKey={(each) => `${each.holder} ${each.what}`}
          empty={<EmptyState>No row of this subject was found.</EmptyState>}
        />
        {found.holders.map(
          ({ holder, error }) =>
            error !== null && (
              <div key={holder} className="dim">
                {holder} cannot say: {error}
              </div>
            ),
        )}
        <Consequences models={found.models} derived={found.derived} remains={found.remains} />
      </div>
    </Panel>
  );
}

interface ConsequencesProps {
  readonly models: readonly string[];
  readonly derived: readonly string[];
  readonly remains: readonly string[];
}

/** What stays as it is, so that nobody believes otherwise. */
export function Consequences({ models, derived, remains }: ConsequencesProps) {
  return (
    <>
      {models.length > 0 && (
        <div>
          Models that learned from these rows, and stay as they are: <Links uris={models} />
        </div>
      )}
      {derived.length > 0 && (
        <div>
          Versions made of these rows without the key, in which nothing is found by it:{' '}
          <Links uris={derived} />
        </div>
      )}
      <details className="dim">
        <summary>What no erasure reaches</summary>
        <ul>
          {remains.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </details>
    </>
  );
}

const Links = ({ uris }: { readonly uris: readonly string[] }) =>
  uris.map((uri) => (
    <span key={uri}>
      <ReferenceLink to={uri} />{' '}
    </span>
  ));
