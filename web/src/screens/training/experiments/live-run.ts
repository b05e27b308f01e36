import type { Run, RunUpdate } from '@tidemill/sdk';

/** A run with what its live stream says is new. Parameters do not come with it. */
export function applyUpdate(run: Run, update: RunUpdate): Run {
  const tags = { ...run.tags, ...update.tags };
  for (const key of update.removedTags) delete tags[key];
  const moved = Object.fromEntries(update.metrics.map(({ key, value }) => [key, value]));
  return {
    ...run,
    name: update.name,
    status: update.status,
    endedAt: update.endedAt,
    tags,
    metrics: update.metrics.length > 0 ? { ...run.metrics, ...moved } : run.metrics,
  };
}
