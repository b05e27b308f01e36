import type { EventSink } from '@tidemill/contract';
import type { CloudEvent } from '../../adapters/notify/notify.ts';
import { toUri } from '../../base/references.ts';
import type { LoggedPrediction } from '../predictions/service.ts';

export type StoredSink = Omit<EventSink, 'counts'> & { readonly workspace: string };

/** Where its signing secret is kept. */
export const secretAddress = (workspace: string, endpoint: string) => ({
  workspace,
  owner: toUri('endpoint', endpoint),
  name: 'event sink',
});

const typeOf = ({ role, status }: LoggedPrediction): string => {
  if (status === 'failed' || status === 'refused') return 'tidemill.prediction.failed';
  return role === 'shadow' ? 'tidemill.prediction.shadowed' : 'tidemill.prediction.answered';
};

/** `content` decides whether what the model saw and said goes along, or only that it did. */
export function toCloudEvent(
  endpoint: string,
  content: EventSink['content'],
  prediction: LoggedPrediction,
  traceparent: string | undefined,
): CloudEvent {
  const { id, at, eventTime, key, features, prediction: value, output, queueMs, featureMs } = prediction;
  const { inferenceMs, totalMs, warnings, ...rest } = prediction;
  const { revision, variant, model, role, source, fallbackReason } = rest;
  return {
    specversion: '1.0',
    id,
    source: `/api/v1/endpoints/${encodeURIComponent(endpoint)}`,
    type: typeOf(prediction),
    ...(key !== '' && { subject: key }),
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    ...(traceparent !== undefined && { traceparent }),
    data: {
      ...{ endpoint, revision, variant, model, role, source, fallbackReason },
      status: rest.status ?? (source === 'fallback' ? 'fallback' : 'ok'),
      error: rest.error ?? null,
      fallbackStep: rest.fallbackStep ?? null,
      caller: rest.caller ?? null,
      requestId: rest.requestId ?? null,
      eventTime: new Date(eventTime).toISOString(),
      warnings: content === 'full' ? (warnings ?? []) : (warnings ?? []).map(() => 'withheld'),
      milliseconds: { queue: queueMs, features: featureMs, inference: inferenceMs, total: totalMs },
      ...(content === 'full' && { features, prediction: value, output: output ?? null }),
    },
  };
}
