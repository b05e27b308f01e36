import { useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '../../../lib/client.ts';
import { isMoving } from './search-words.ts';
import { addChanges, type KnownSweep } from './sweep-changes.ts';

/** Trials move without an event. */
const pauseMs = 2000;

/** A sweep with all its trials, of which only those that changed are fetched again. */
export function useSweep(id: string) {
  const queries = useQueryClient();
  const queryKey = ['sweeps', 'changes', { id }, 'added up'] as const;
  return useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      let known = queries.getQueryData<KnownSweep>(queryKey);
      for (;;) {
        const since = known?.cursor || undefined;
        const changes = await client().sweeps.changes({ id, ...(since && { since }) }, { signal });
        known = addChanges(known, changes);
        if (!changes.hasMore) return known;
      }
    },
    select: ({ sweep }) => sweep,
    // What is as it was is kept above; comparing a thousand trials with themselves would take longer than fetching them.
    structuralSharing: false,
    refetchInterval: ({ state: { data } }) => (data && isMoving(data.sweep) ? pauseMs : false),
  });
}
