/** CloudEvents 1.0 over HTTP: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md */
import type { CloudEventsBody } from './notify.ts';

export function formatCloudEvents({ mode, events }: CloudEventsBody): {
  body: string;
  headers: Record<string, string>;
} {
  if (mode === 'batch')
    return {
      body: JSON.stringify(events),
      headers: { 'content-type': 'application/cloudevents-batch+json; charset=UTF-8' },
    };
  const [event] = events;
  if (!event || mode === 'structured')
    return {
      body: JSON.stringify(event),
      headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8' },
    };
  const { data, datacontenttype, ...attributes } = event;
  const named = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, toHeader(String(value))]);
  return {
    body: JSON.stringify(data),
    headers: { 'content-type': datacontenttype, ...Object.fromEntries(named) },
  };
}

/** Printable ASCII but for space, quote and per cent stays; all else is percent-encoded as UTF-8. */
const toHeader = (text: string): string =>
  text.replace(/[^!#$&-~]/gu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
