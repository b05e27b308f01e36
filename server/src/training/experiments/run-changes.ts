/** What of a run has changed between two looks, and several such changes as one. */
import type { RunUpdate } from '@tidemill/contract';
import { finiteOrNull, isEnd, type MetricValue } from './rules.ts';
import type { Glance } from './watch-store.ts';

/** A run as it was seen last. */
export interface SeenRun {
  readonly glance: Glance;
  readonly metrics: ReadonlyMap<string, MetricValue>;
  readonly tags: ReadonlyMap<string, string>;
}

export interface RunChange {
  readonly glance: Glance;
  readonly metrics: readonly MetricValue[];
  readonly tags: ReadonlyMap<string, string>;
  readonly removedTags: ReadonlySet<string>;
}

/** Null when nothing has. Without a `before`, everything is new. */
export function findChange(before: SeenRun | undefined, now: SeenRun): RunChange | null {
  const metrics = [...now.metrics.values()].filter(
    (point) => !isSamePoint(before?.metrics.get(point.key), point),
  );
  const tags = new Map([...now.tags].filter(([key, value]) => before?.tags.get(key) !== value));
  const removedTags = new Set([...(before?.tags.keys() ?? [])].filter((key) => !now.tags.has(key)));
  const isSame =
    metrics.length === 0 &&
    tags.size === 0 &&
    removedTags.size === 0 &&
    isSameState(before?.glance, now.glance);
  return isSame ? null : { glance: now.glance, metrics, tags, removedTags };
}

const isSamePoint = (a: MetricValue | undefined, b: MetricValue): boolean =>
  a?.step === b.step && a.timestamp === b.timestamp && Object.is(a.value, b.value);

const isSameState = (a: Glance | undefined, b: Glance): boolean =>
  a?.status === b.status && a.name === b.name && a.endedAt === b.endedAt && a.lifecycle === b.lifecycle;

/** A reader that is slow gets what happened meanwhile at once, each series and each tag as it is now. */
export function joinChanges(earlier: RunChange | null, later: RunChange): RunChange {
  if (!earlier) return later;
  const tags = new Map([...earlier.tags, ...later.tags]);
  const removedTags = new Set([...earlier.removedTags, ...later.removedTags]);
  for (const key of later.removedTags) tags.delete(key);
  for (const key of later.tags.keys()) removedTags.delete(key);
  const metrics = new Map([...earlier.metrics, ...later.metrics].map((point) => [point.key, point]));
  return { glance: later.glance, metrics: [...metrics.values()], tags, removedTags };
}

export const isOver = ({ status, lifecycle }: Glance): boolean => isEnd(status) || lifecycle === 'deleted';

export const toUpdate = ({ glance, metrics, tags, removedTags }: RunChange): RunUpdate => ({
  runId: glance.id,
  name: glance.name,
  status: glance.status,
  endedAt: glance.endedAt,
  metrics: metrics.map(({ key, value, timestamp, step }) => ({
    key,
    value: finiteOrNull(value),
    timestamp,
    step,
  })),
  tags: Object.fromEntries(tags),
  removedTags: [...removedTags],
  isLast: isOver(glance),
});
