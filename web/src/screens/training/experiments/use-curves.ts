import { useQuery } from '@tanstack/react-query';
import { client } from '../../../lib/client.ts';
import type { Curve } from '../../../lib/curves.ts';

const mostPages = 3;

/** One metric of several runs. */
export const useCurves = (runIds: readonly string[], key: string, isLive: boolean) =>
  useQuery({
    queryKey: ['curves', runIds, key] as const,
    queryFn: ({ signal }) => Promise.all(runIds.map((id) => readCurve(id, key, signal))),
    ...(isLive && { refetchInterval: 2000 }),
  });

async function readCurve(runId: string, key: string, signal: AbortSignal): Promise<Curve> {
  const items = [];
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const found = await client().experiments.metricHistory(
      { id: runId, key, limit: 1000, cursor },
      { signal },
    );
    items.push(...found.items);
    if (!found.nextCursor) break;
    cursor = found.nextCursor;
  }
  return {
    runId,
    key,
    total: items.length,
    steps: items.map((point) => point.step),
    timestamps: items.map((point) => point.timestamp),
    values: items.map((point) => point.value),
  };
}
