/** One prediction as spans: the whole of it, and under it the phases of each variant that was asked. */
import { activeSpan, type SpanContext, type Tracer, toEpoch } from '../../../base/tracing.ts';
import type { Answered } from './traffic-stats.ts';

export interface TracedPrediction {
  readonly endpoint: string;
  readonly workspace: string;
  readonly revision: number;
  /** Of the first record. */
  readonly id: string;
  readonly records: number;
  /** Of `performance.now()`. */
  readonly started: number;
  readonly parts: readonly Answered[];
  readonly fallbackReason: string | null;
  readonly error: string | null;
}

/** After the answer; does nothing where the request is part of no trace. */
export function addPredictionSpans(tracer: Tracer, prediction: TracedPrediction): void {
  const parent = activeSpan();
  if (!parent?.isSampled) return;
  const { endpoint, workspace, revision, id, records, started, parts, fallbackReason, error } = prediction;
  const startedAt = toEpoch(started);
  const context = tracer.addChild(parent, {
    name: `predict ${endpoint}`,
    startedAt,
    endedAt: toEpoch(performance.now()),
    attributes: {
      'tidemill.workspace': workspace,
      'tidemill.endpoint': endpoint,
      'tidemill.revision': revision,
      'tidemill.prediction.id': id,
      'tidemill.records': records,
      'tidemill.fallback.reason': fallbackReason,
    },
    error,
  });
  for (const part of parts) addPhases(tracer, context, part, startedAt, fallbackReason);
}

function addPhases(
  tracer: Tracer,
  parent: SpanContext,
  { variant, model, source, records, times }: Answered,
  startedAt: number,
  reason: string | null,
): void {
  const attributes = {
    'tidemill.variant': variant,
    'tidemill.model': model,
    'tidemill.records': records,
    'tidemill.source': source,
  };
  let at = startedAt;
  for (const phase of ['features', 'queue', 'inference'] as const) {
    const endedAt = at + times[phase];
    if (times[phase] > 0) tracer.addChild(parent, { name: phase, startedAt: at, endedAt, attributes });
    at = endedAt;
  }
  if (source === 'model') return;
  const why = { ...attributes, 'tidemill.fallback.reason': reason };
  tracer.addChild(parent, { name: 'fallback', startedAt: at, endedAt: at, attributes: why });
}
