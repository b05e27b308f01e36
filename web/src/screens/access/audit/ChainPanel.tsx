import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { AuditVerification } from '@tidemill/sdk';
import { useState } from 'react';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { ask, client } from '../../../lib/client.ts';
import { plural } from '../../../lib/format.ts';

const atOnce = 20_000;

/** Asks the server to recompute the whole chain, part by part. */
async function verify(tell: (done: AuditVerification) => void): Promise<AuditVerification> {
  let cursor: string | undefined;
  for (;;) {
    const part = await client().audit.verify({ limit: atOnce, ...(cursor !== undefined && { cursor }) });
    tell(part);
    if (part.nextCursor === null) return part;
    cursor = part.nextCursor;
  }
}

export function ChainPanel() {
  const [part, setPart] = useState<AuditVerification>();
  const check = useMutation({ mutationFn: () => verify(setPart) });
  const found = check.data;
  return (
    <Panel
      title="Chain"
      aside={
        <div className="row">
          <Button size="compact-sm" onClick={() => check.mutate()} disabled={check.isPending}>
            Verify
          </Button>
          <SourceMenu asked={ask('audit', 'verify', {})} />
        </div>
      }
    >
      {check.error && <ErrorNotice error={check.error} retry={() => check.mutate()} />}
      {check.isPending && (
        <p role="status">
          {part ? `${plural(part.to ?? 0, 'entry', 'entries')} of ${part.head.position} hold …` : 'Sealing …'}
        </p>
      )}
      {!check.isPending && found && <Result of={found} />}
      {!check.isPending && !found && !check.error && (
        <p className="dim">
          Each entry carries a digest over its content and the entry before. Verify recomputes all of them.
        </p>
      )}
    </Panel>
  );
}

function Result({ of: { to, digest, fault } }: { readonly of: AuditVerification }) {
  return (
    <div role="status">
      <p>
        <StatusBadge state={fault ? 'failed' : 'passed'} word={fault ? 'not intact' : 'intact'} />{' '}
        {to === null ? 'No entry is sealed yet.' : `Entries 1 to ${to} hold.`}
      </p>
      {fault && (
        <p>
          Entry {fault.position}: {fault.problem}.
        </p>
      )}
      {to !== null && (
        <p className="dim">
          Note the head elsewhere, to know later that nobody wrote the chain anew:{' '}
          <span className="mono">
            {to}:{digest}
          </span>
        </p>
      )}
    </div>
  );
}
