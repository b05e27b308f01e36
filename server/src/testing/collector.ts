import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

type Attribute = { key: string; value: Record<string, string | number | boolean> };

/** As it came over the wire. */
interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code?: number; readonly message?: string };
}

export interface Collected {
  readonly headers: IncomingHttpHeaders;
  readonly resource: { readonly attributes: readonly Attribute[] };
  readonly spans: readonly WireSpan[];
}

export const attributesOf = ({ attributes }: { readonly attributes: readonly Attribute[] }) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** Takes spans by OTLP; answers with the statuses in turn, the last one for ever. Gone when the test ends. */
export async function openCollector(...statuses: number[]) {
  const received: Collected[] = [];
  const left = [...statuses];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    const [{ resource, scopeSpans }] = JSON.parse(text).resourceSpans;
    received.push({ headers: request.headers, resource, spans: scopeSpans[0].spans });
    response.writeHead((left.length > 1 ? left.shift() : left[0]) ?? 200).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  return { url, received, spans: () => received.flatMap(({ spans }) => spans) };
}
