import type { Overview, PredictionRecord } from '@tidemill/contract';

export type Point = Overview['series'][number];
export type Span = Overview['spans'][number];

const mostPoints = 600;

/** At most `most` of them, evenly spread, the last one included. */
export function thin<T>(items: readonly T[], most = mostPoints): T[] {
  if (items.length <= most) return [...items];
  const step = (items.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, index) => items[Math.round(index * step)] as T);
}

/** Absolute error, in the unit of the target. */
export const toPoint = ({ eventTime, outcome, prediction, model, source }: PredictionRecord): Point => ({
  eventTime,
  truth: outcome,
  prediction,
  model,
  source,
  error: prediction === null || outcome === null ? null : Math.abs(prediction - outcome),
});

/**
 * When which version was live: runs of answers given under revisions with the same main model, so neither a canary's
 * share nor an answer of the rule cuts a span. Records come oldest first.
 */
export function spansOf(
  records: readonly Pick<PredictionRecord, 'eventTime' | 'revision'>[],
  modelOf: ReadonlyMap<number, string>,
): Span[] {
  const spans: Span[] = [];
  for (const { eventTime, revision } of records) {
    const model = modelOf.get(revision);
    const last = spans.at(-1);
    if (model === undefined) continue;
    if (last?.model === model) last.to = eventTime;
    else spans.push({ model, from: eventTime, to: eventTime });
  }
  return spans;
}
