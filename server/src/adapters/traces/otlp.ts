/** Spans to a collector by OTLP over HTTP, as JSON: https://opentelemetry.io/docs/specs/otlp/ */
import type { Logger } from '../../base/logger.ts';
import type { Attributes, Span, SpanKind, SpanSink } from '../../base/tracing.ts';

export interface OtlpOptions {
  /** `http://collector:4318/v1/traces` */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `service.name` and what else is said of this process. */
  readonly resource: Attributes;
  readonly logger: Logger;
  /** Spans that wait; more are left out and counted. */
  readonly room?: number;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly firstDelayMs?: number;
}

const batchSize = 512;
const attempts = 4;
const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3, consumer: 5 };

export interface Otlp extends SpanSink {
  counts(): { readonly sent: number; readonly dropped: number };
  /** Sends what waits, once. */
  close(): Promise<void>;
}

/** Spans wait in memory and go out together; a collector that is gone costs neither time nor memory without bound. */
export function openOtlp(options: OtlpOptions): Otlp {
  const {
    url,
    headers,
    logger,
    room = 4096,
    intervalMs = 2000,
    timeoutMs = 10_000,
    firstDelayMs = 1000,
  } = options;
  const resource = { attributes: toAttributes(options.resource) };
  let waiting: Span[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> = Promise.resolve();
  let isSending = false;
  let isClosed = false;
  const counts = { sent: 0, dropped: 0 };

  function add(span: Span): void {
    if (waiting.length >= room || isClosed) {
      counts.dropped++;
      return;
    }
    waiting.push(span);
    if (waiting.length >= batchSize) flush();
    else timer ??= setTimeout(flush, intervalMs).unref();
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (isSending || waiting.length === 0) return;
    isSending = true;
    sending = sendAll().finally(() => {
      isSending = false;
      if (waiting.length > 0 && !isClosed) timer ??= setTimeout(flush, intervalMs).unref();
    });
  }

  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchSize);
      waiting = waiting.slice(batchSize);
      const problem = await send(JSON.stringify(toRequest(batch, resource)));
      if (problem === null) counts.sent += batch.length;
      else {
        counts.dropped += batch.length;
        // Nobody is kept from stopping by a collector that does not answer.
        if (isClosed) {
          counts.dropped += waiting.length;
          waiting = [];
        }
        logger.warn({ url, problem, spans: batch.length }, 'spans could not be sent');
      }
    }
  }

  /** Null once it is taken; else why not. */
  async function send(body: string): Promise<string | null> {
    for (let attempt = 1; ; attempt++) {
      const { problem, retryAfterMs } = await post(body);
      if (problem === null || retryAfterMs === null || attempt >= attempts || isClosed) return problem;
      const delay = Math.max(retryAfterMs, firstDelayMs * 2 ** (attempt - 1));
      await new Promise((resolve) => setTimeout(resolve, Math.min(delay, 30_000)).unref());
    }
  }

  async function post(body: string): Promise<{ problem: string | null; retryAfterMs: number | null }> {
    try {
      const reply = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      await reply.arrayBuffer();
      if (reply.ok) return { problem: null, retryAfterMs: null };
      const isWorth = [429, 502, 503, 504].includes(reply.status);
      const seconds = Number(reply.headers.get('retry-after') ?? 0);
      const asked = Number.isFinite(seconds) ? seconds * 1000 : 0;
      return { problem: `it answers ${reply.status}`, retryAfterMs: isWorth ? asked : null };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return { problem: cause instanceof Error ? cause.message : String(cause), retryAfterMs: 0 };
    }
  }

  return {
    add,
    counts: () => ({ ...counts }),
    async close() {
      isClosed = true;
      await sending;
      flush();
      await sending;
    },
  };
}

function toRequest(spans: readonly Span[], resource: object) {
  const scope = { name: 'tidemill' };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(toSpan) }] }] };
}

function toSpan({ context, parentSpanId, name, kind, startedAt, endedAt, attributes, error }: Span) {
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(parentSpanId !== null && { parentSpanId }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: toNanoseconds(startedAt),
    endTimeUnixNano: toNanoseconds(endedAt),
    attributes: toAttributes(attributes),
    status: error === null ? {} : { code: 2, message: error.slice(0, 1000) },
  };
}

/** As text: a number of JSON cannot hold it. */
const toNanoseconds = (ms: number): string =>
  `${Math.floor(ms)}${String(Math.floor((ms % 1) * 1e6)).padStart(6, '0')}`;

const toAttributes = (attributes: Attributes) =>
  Object.entries(attributes).flatMap(([key, value]) =>
    value === null ? [] : [{ key, value: toValue(value) }],
  );

function toValue(value: string | number | boolean) {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
