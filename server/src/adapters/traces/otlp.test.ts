import { expect, test, vi } from 'vitest';
import { createLogger } from '../../base/logger.ts';
import { createTracer, type Span } from '../../base/tracing.ts';
import { openCollector } from '../../testing/collector.ts';
import { openOtlp } from './otlp.ts';

const open = (url: string, more: { room?: number } = {}) =>
  openOtlp({
    ...{ url, headers: { 'x-key': 'secret' }, resource: { 'service.name': 'test' } },
    ...{ logger: createLogger('silent'), intervalMs: 5, firstDelayMs: 5, ...more },
  });

const span: Span = {
  context: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true },
  parentSpanId: 'c'.repeat(16),
  name: 'predict forecast',
  kind: 'server',
  startedAt: 1_700_000_000_000.25,
  endedAt: 1_700_000_000_001.5,
  attributes: { text: 'x', whole: 3, part: 0.5, flag: true, none: null },
  error: 'it broke',
};

test('a span is as OTLP has it in JSON', async () => {
  const collector = await openCollector(200);
  const otlp = open(collector.url);
  otlp.add(span);
  await otlp.close();
  expect(collector.received).toMatchObject([
    {
      headers: { 'content-type': 'application/json', 'x-key': 'secret' },
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'test' } }] },
    },
  ]);
  expect(collector.received[0]?.spans).toEqual([
    {
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      parentSpanId: 'c'.repeat(16),
      name: 'predict forecast',
      kind: 2,
      startTimeUnixNano: '1700000000000250000',
      endTimeUnixNano: '1700000000001500000',
      attributes: [
        { key: 'text', value: { stringValue: 'x' } },
        { key: 'whole', value: { intValue: '3' } },
        { key: 'part', value: { doubleValue: 0.5 } },
        { key: 'flag', value: { boolValue: true } },
      ],
      status: { code: 2, message: 'it broke' },
    },
  ]);
  expect(otlp.counts()).toEqual({ sent: 1, dropped: 0 });
});

test('a collector that is busy is asked again; one that refuses is not', async () => {
  const busy = await openCollector(503, 429, 200);
  const patient = open(busy.url);
  patient.add(span);
  await vi.waitFor(() => expect(patient.counts()).toEqual({ sent: 1, dropped: 0 }), { timeout: 20_000 });
  expect(busy.received).toHaveLength(3);
  const strict = await openCollector(400);
  const refused = open(strict.url);
  refused.add(span);
  await vi.waitFor(() => expect(refused.counts()).toEqual({ sent: 0, dropped: 1 }), { timeout: 20_000 });
  expect(strict.received).toHaveLength(1);
  await Promise.all([patient.close(), refused.close()]);
});

test('what waits is bounded, what is left out counted, and close does not wait for a collector that is gone', async () => {
  const otlp = open('http://127.0.0.1:9/v1/traces', { room: 10 });
  for (let i = 0; i < 25; i++) otlp.add(span);
  expect(otlp.counts().dropped).toBe(15);
  await otlp.close();
  expect(otlp.counts()).toEqual({ sent: 0, dropped: 25 });
});

test('a trace that somebody else does not want is passed on and not kept', async () => {
  const kept: Span[] = [];
  const tracer = createTracer({ add: (each) => kept.push(each) });
  const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: false };
  await tracer.trace({ name: 'x', attributes: {}, parent }, async () => {});
  expect(kept).toEqual([]);
  await tracer.trace({ name: 'y', attributes: {}, parent: { ...parent, isSampled: true } }, async () => {});
  expect(kept).toMatchObject([
    { name: 'y', parentSpanId: parent.spanId, context: { traceId: parent.traceId } },
  ]);
});
