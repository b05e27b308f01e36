import { useQueries } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import type { GridRow } from '../../../components/RowsGrid.tsx';
import { client } from '../../../lib/client.ts';
import { readRows } from '../../../lib/read-rows.ts';
import { pagesOf } from '../../../lib/row-window.ts';

export const pageRows = 200;
/** So long rows must stand still before they are asked for: who drags the bar through millions wants none of those between. */
const restMs = 80;
/** Pages left behind are kept this long. */
const keptMs = 60_000;

interface VersionRows {
  readonly name: string;
  readonly version: string;
  /** Undefined for all of them. */
  readonly columns: readonly string[] | undefined;
}

function toQuery({ name, version, columns }: VersionRows, page: number) {
  const input = {
    name,
    version,
    format: 'json',
    limit: pageRows,
    offset: page * pageRows,
    ...(columns && { columns: columns.join(',') }),
  } as const;
  return {
    queryKey: ['datasets', 'read', input],
    queryFn: async ({ signal }: { readonly signal: AbortSignal }) => {
      await rest(signal);
      return readRows(await client().datasets.read(input, { signal }));
    },
    // A version never changes.
    staleTime: 'static' as const,
    gcTime: keptMs,
  };
}

const rest = (signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, restMs);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });

/** The rows in sight, page by page as one comes to them. */
export function useVersionRows(asked: VersionRows) {
  const [window, setWindow] = useState<readonly [number, number]>([0, 1]);
  const pages = pagesOf(window[0], window[1], pageRows);
  const { rows, error, retry } = useQueries({
    queries: pages.map((page) => toQuery(asked, page)),
    combine: (results) => ({
      rows: new Map(results.map((result, index) => [pages[index], result.data])),
      error: results.find((result) => result.error)?.error ?? null,
      retry: () => {
        for (const result of results) if (result.error) void result.refetch();
      },
    }),
  });
  const rowAt = (index: number): GridRow | undefined =>
    rows.get(Math.floor(index / pageRows))?.[index % pageRows];
  const onWindow = useCallback((first: number, end: number) => setWindow([first, end]), []);
  return { rowAt, onWindow, error, retry };
}
