import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { Damage, DatasetVersion, Verification } from '@tidemill/sdk';
import { useState } from 'react';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { Progress } from '../../../components/Progress.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { client } from '../../../lib/client.ts';
import { plural } from '../../../lib/format.ts';

interface Verified {
  readonly chunks: number;
  readonly checked: number;
  readonly damage: readonly Damage[];
}

const columns: readonly DataColumn<Damage>[] = [
  { id: 'what', title: 'What', value: ({ what }) => what, width: 120 },
  { id: 'problem', title: 'Problem', value: ({ problem }) => problem, width: 160 },
  { id: 'rows', title: 'Rows', value: ({ firstRow, lastRow }) => `${firstRow} to ${lastRow}`, width: 200 },
  { id: 'blob', title: 'File', value: ({ blob }) => blob },
];

/** Hashes what a version is stored in again, part by part, as one asks for it. */
export function IntegrityPanel({ version }: { readonly version: DatasetVersion }) {
  const input = { name: version.dataset, version: String(version.version) };
  const [found, setFound] = useState<Verified>({ chunks: 0, checked: 0, damage: [] });
  const verify = useMutation({
    mutationFn: async () => {
      let sum: Verified = { chunks: 0, checked: 0, damage: [] };
      let cursor: string | null = null;
      do {
        const part: Verification = await client().datasets.verify({ ...input, ...(cursor && { cursor }) });
        sum = {
          chunks: part.chunks,
          checked: sum.checked + part.checked,
          damage: [...sum.damage, ...part.damage],
        };
        setFound(sum);
        cursor = part.nextCursor;
      } while (cursor !== null);
    },
  });
  return (
    <Panel
      title="Integrity"
      aside={
        <div className="row">
          <Button disabled={verify.isPending} onClick={() => verify.mutate()}>
            Verify
          </Button>
          <SourceMenu asked={{ queryKey: ['datasets', 'verify', input] }} />
        </div>
      }
    >
      {verify.error && <ErrorNotice error={verify.error} />}
      {verify.isIdle && (
        <p className="dim">Bytes and rows are hashed again and compared with what was committed.</p>
      )}
      {verify.isPending && <Progress label="Verified" done={found.checked} of={found.chunks} />}
      {verify.isSuccess && found.damage.length === 0 && (
        <StatusBadge
          state="whole"
          tone="good"
          word={`whole: ${plural(found.checked, 'chunk')} of bytes and rows as committed`}
        />
      )}
      {found.damage.length > 0 && (
        <DataTable
          plain
          label="damage"
          rows={found.damage}
          columns={columns}
          rowKey={({ blob, firstRow }) => `${blob} ${firstRow}`}
        />
      )}
    </Panel>
  );
}
