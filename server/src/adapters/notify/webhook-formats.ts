import { createHmac } from 'node:crypto';
import { formatCloudEvents } from './cloud-events.ts';
import type { CloudEventsBody, Notification } from './notify.ts';

/** How a message looks on the wire. */
export type WebhookFormat = 'standard' | 'mlflow' | 'cloudevents';

export interface FormattedMessage {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const common = { 'content-type': 'application/json', 'user-agent': 'tidemill' };

/** HMAC-SHA256 over id, time and body. */
const signatureOf = (key: Buffer, id: string, seconds: string, body: string): string =>
  `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;

/** `whsec_` marks a secret in base64 (Standard Webhooks); any other is taken as text. */
const keyOf = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);

/** https://www.standardwebhooks.com */
function formatStandard(message: Notification, seconds: string): FormattedMessage {
  const { deliveryId, event, secret } = message;
  const body = JSON.stringify({ event, id: deliveryId, data: message.body });
  const headers = {
    ...common,
    'x-tidemill-event': event,
    'webhook-id': deliveryId,
    'webhook-timestamp': seconds,
  };
  if (secret === undefined) return { body, headers };
  const signature = signatureOf(keyOf(secret), deliveryId, seconds, body);
  return { body, headers: { ...headers, 'webhook-signature': signature } };
}

/** As MLflow's receivers expect it: the body is the message itself, the secret always text. */
function formatMlflow({ deliveryId, secret, body: content }: Notification, seconds: string) {
  const body = JSON.stringify(content);
  const headers = { ...common, 'x-mlflow-delivery-id': deliveryId, 'x-mlflow-timestamp': seconds };
  if (secret === undefined) return { body, headers };
  const signature = signatureOf(Buffer.from(secret), deliveryId, seconds, body);
  return { body, headers: { ...headers, 'x-mlflow-signature': signature } };
}

/** CloudEvents as they are, signed as Standard Webhooks are. */
function formatEvents({ deliveryId, secret, body: content }: Notification, seconds: string) {
  const { body, headers } = formatCloudEvents(content as CloudEventsBody);
  const named = { ...common, ...headers, 'webhook-id': deliveryId, 'webhook-timestamp': seconds };
  if (secret === undefined) return { body, headers: named };
  const signature = signatureOf(keyOf(secret), deliveryId, seconds, body);
  return { body, headers: { ...named, 'webhook-signature': signature } };
}

export const formats: Readonly<
  Record<WebhookFormat, (message: Notification, seconds: string) => FormattedMessage>
> = { standard: formatStandard, mlflow: formatMlflow, cloudevents: formatEvents };
