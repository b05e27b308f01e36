import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { DatasetVersion, Rederivation } from '@tidemill/sdk';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';
import { plural } from '../../../lib/format.ts';
import { IntegrityPanel } from './IntegrityPanel.tsx';

/** What is recorded of how a version came to be, made again where that can be, and whether it is still whole. */
export function ProvenancePanel({ version }: { readonly version: DatasetVersion }) {
  const { kind, detail } = version.provenance;
  return (
    <div className="stack">
      <Panel title="What is recorded">
        <FieldsTable
          label="provenance"
          fields={detail}
          none="Nothing more is recorded about where it came from."
        />
      </Panel>
      <ErasuresPanel version={version} />
      {kind === 'sql' && <RederivePanel key={version.uri} version={version} />}
      <IntegrityPanel key={`whole ${version.uri}`} version={version} />
    </div>
  );
}

/** Digests that the version had before rows of a subject were erased from it; nothing where none were. */
function ErasuresPanel({ version }: { readonly version: DatasetVersion }) {
  const erasures = useQuery(
    ask('datasets', 'listErasures', { name: version.dataset, version: String(version.version) }),
  );
  if (!erasures.data || erasures.data.items.length === 0) return null;
  return (
    <Panel title="Rows erased by request">
      <ul>
        {erasures.data.items.map(({ oldDigest, newDigest, rows, at }) => (
          <li key={oldDigest}>
            {plural(rows, 'row')}, <Time at={at} />: <code title={oldDigest}>{oldDigest.slice(0, 12)}</code>{' '}
            is now <code title={newDigest}>{newDigest.slice(0, 12)}</code>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** Runs the SQL of a derived version again: on what it read then, or on what is the latest now. */
function RederivePanel({ version }: { readonly version: DatasetVersion }) {
  const input = { name: version.dataset, version: String(version.version) };
  const queries = useQueryClient();
  const run = useMutation({
    mutationFn: (latest: boolean) => client().datasets.rederive({ ...input, ...(latest && { latest }) }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['datasets'] }),
  });
  return (
    <Panel
      title="Made again"
      aside={
        <div className="row">
          <Button disabled={run.isPending} onClick={() => run.mutate(false)}>
            Run on what it read
          </Button>
          <Button disabled={run.isPending} onClick={() => run.mutate(true)}>
            Run on the latest versions
          </Button>
          <SourceMenu asked={{ queryKey: ['datasets', 'rederive', input] }} />
        </div>
      }
    >
      {run.error && <ErrorNotice error={run.error} />}
      {run.data ? (
        <Rederived found={run.data} />
      ) : (
        <p className="dim">
          {run.isPending
            ? 'The SQL is being run.'
            : 'The same SQL gives the same rows again, or it is told that it does not.'}
        </p>
      )}
    </Panel>
  );
}

function Rederived({ found }: { readonly found: Rederivation }) {
  const sameRows = found.hasSameRows ? 'equal rows in another order' : 'different';
  return (
    <div className="row" aria-live="polite" style={{ alignItems: 'baseline' }}>
      <StatusBadge state={found.isEqual ? 'equal' : sameRows} />
      {found.committed && (
        <span>
          {found.committed.unchanged ? 'It is there as ' : 'It became '}
          <ReferenceLink to={found.committed.uri} text={found.committed.reference} />
        </span>
      )}
    </div>
  );
}
