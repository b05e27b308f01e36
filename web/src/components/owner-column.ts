import { useQuery } from '@tanstack/react-query';
import type { RowData } from '@tanstack/react-table';
import { useMemo } from 'react';
import { client } from '../lib/client.ts';
import type { DataColumn } from './data-column.tsx';

const mostPages = 20;

async function readAll(): Promise<ReadonlyMap<string, string>> {
  const owners = new Map<string, string>();
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const { items, nextCursor } = await client().owners.list({ limit: 1000, ...(cursor && { cursor }) });
    for (const { subject, owner } of items) if (owner !== null) owners.set(subject, owner);
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  return owners;
}

/** A list's columns, with who answers for each row's thing put in at a place. */
export function useOwnerColumn<T extends RowData>(
  columns: readonly DataColumn<T>[],
  place: number,
  subjectOf: (row: T) => string | null,
): readonly DataColumn<T>[] {
  const { data: owners } = useQuery({ queryKey: ['owners', 'list', {}, 'map'], queryFn: readAll });
  return useMemo(
    () =>
      columns.toSpliced(place, 0, {
        id: 'owner',
        title: 'Owner',
        value: (row) => owners?.get(subjectOf(row) ?? '') ?? null,
        width: 130,
      }),
    [columns, owners, place, subjectOf],
  );
}
