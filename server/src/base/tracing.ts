/**
 * Spans, as W3C Trace Context and OpenTelemetry have them. Where nobody exports them there is no tracer, no context is
 * ever set, and to ask for one costs a lookup that finds nothing.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { getRandomValues } from 'node:crypto';

export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether whoever began the trace wants it kept; one that is not is passed on all the same. */
  readonly isSampled: boolean;
}

export type SpanKind = 'internal' | 'server' | 'client' | 'consumer';
export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

export interface Span {
  readonly context: SpanContext;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: SpanKind;
  /** Milliseconds since 1970, with fractions. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Attributes;
  /** Why it failed; null where it did not. */
  readonly error: string | null;
}

/** Where spans go; never waits, never throws. */
export interface SpanSink {
  add(span: Span): void;
}

const active = new AsyncLocalStorage<SpanContext>();

/** What runs now is part of; undefined where nothing is traced. */
export const activeSpan = (): SpanContext | undefined => active.getStore();

/** For whoever is asked from here: `00-4bf9…-00f0…-01`. */
export function activeTraceparent(): string | undefined {
  const context = active.getStore();
  return context && toTraceparent(context);
}

export const toTraceparent = ({ traceId, spanId, isSampled }: SpanContext): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;

const pattern = /^(?!ff)[\da-f]{2}-((?!0{32})[\da-f]{32})-((?!0{16})[\da-f]{16})-([\da-f]{2})(?:-|$)/;

/** Null for what is none: then the trace begins here, as the standard has it. */
export function parseTraceparent(header: string | undefined): SpanContext | null {
  const [, traceId, spanId, flags] = pattern.exec(header ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

const randomHex = (bytes: number): string =>
  Buffer.from(getRandomValues(new Uint8Array(bytes))).toString('hex');

/** Of `performance.now()`. */
export const toEpoch = (now: number): number => performance.timeOrigin + now;

/** @param share of the traces that begin here that are kept; those of others are as they say */
export function createTracer(sink: SpanSink, share = 1) {
  const contextIn = (parent: SpanContext | null | undefined): SpanContext => ({
    traceId: parent?.traceId ?? randomHex(16),
    spanId: randomHex(8),
    isSampled: parent?.isSampled ?? Math.random() < share,
  });

  function add(span: Span): void {
    if (span.context.isSampled) sink.add(span);
  }

  return {
    contextIn,
    add,
    /** What `work` starts is part of the span; so is what that starts, and so on. */
    within: <T>(context: SpanContext, work: () => T): T => active.run(context, work),

    /** Something that has ended, as a part of `parent`. */
    addChild(
      parent: SpanContext,
      span: {
        name: string;
        startedAt: number;
        endedAt: number;
        attributes: Attributes;
        error?: string | null;
      },
    ): SpanContext {
      const context = contextIn(parent);
      add({ kind: 'internal', error: null, ...span, context, parentSpanId: parent.spanId });
      return context;
    },

    /** Work as a span of its own; what it throws is its error. */
    async trace<T>(
      {
        name,
        kind = 'internal',
        attributes,
        parent = active.getStore(),
      }: {
        readonly name: string;
        readonly kind?: SpanKind;
        readonly attributes: Attributes;
        readonly parent?: SpanContext | null | undefined;
      },
      work: () => Promise<T>,
    ): Promise<T> {
      const context = contextIn(parent);
      const startedAt = toEpoch(performance.now());
      const end = (error: string | null) =>
        add({
          ...{ context, parentSpanId: parent?.spanId ?? null, name, kind, startedAt, attributes, error },
          endedAt: toEpoch(performance.now()),
        });
      try {
        const result = await active.run(context, work);
        end(null);
        return result;
      } catch (error) {
        end(error instanceof Error ? error.message : String(error));
        throw error;
      }
    },
  };
}

export type Tracer = ReturnType<typeof createTracer>;
