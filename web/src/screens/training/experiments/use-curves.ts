import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { client } from '../../../lib/client.ts';
import type { Curve } from '../../../lib/curves.ts';

/** More than a chart has pixels across; the server keeps every stretch's lowest and highest point. */
const maxPoints = 1000;

/** One metric of several runs, as curves for a chart. */
export const useCurves = (runIds: readonly string[], key: string, isLive: boolean) =>
  useQuery({
    queryKey: ['curves', runIds, key] as const,
    queryFn: async ({ signal }): Promise<readonly Curve[]> => {
      const asked = { runIds: [...runIds], keys: [key], maxPoints };
      return (await client().experiments.sampleMetrics(asked, { signal })).series;
    },
    placeholderData: keepPreviousData,
    ...(isLive && { refetchInterval: 2000 }),
  });
