import { Button } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { client } from '../../../lib/client.ts';
import { formatCount } from '../../../lib/format.ts';
import { readText } from '../../../lib/read-text.ts';

interface RowsPreviewProps {
  readonly name: string;
  readonly version: string;
  readonly rows: number;
}

const pageRows = 500;

/** The rows themselves, a page at a time. */
export function RowsPreview({ name, version, rows }: RowsPreviewProps) {
  const [offset, setOffset] = useState(0);
  const last = Math.min(rows, offset + pageRows);
  const page = useQuery({
    queryKey: ['datasets', 'read', { name, version, offset }],
    queryFn: async ({ signal }) => {
      const input = { name, version, format: 'json', limit: pageRows, offset } as const;
      const text = await readText(await client().datasets.read(input, { signal }));
      return JSON.parse(text) as Record<string, unknown>[];
    },
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
  return (
    <Answer of={page} height={320}>
      {(items) => (
        <div className="stack">
          <RowsTable label="rows" rows={items} maximumHeight="max(320px, calc(100dvh - 330px))" />
          <div className="row">
            <Button disabled={offset === 0} onClick={() => setOffset(Math.max(0, offset - pageRows))}>
              Earlier
            </Button>
            <Button disabled={last >= rows} onClick={() => setOffset(offset + pageRows)}>
              Later
            </Button>
            <span className="dim number">
              {rows === 0
                ? 'no rows'
                : `${formatCount(offset + 1)} to ${formatCount(last)} of ${formatCount(rows)}`}
            </span>
          </div>
        </div>
      )}
    </Answer>
  );
}
