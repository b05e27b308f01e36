import { expect, test } from 'vitest';
import { attributesOf, openCollector } from '../../testing/collector.ts';
import { createPricePlatform, walk } from '../../testing/price-platform.ts';
import { until } from '../../testing/until.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const headers = { host: 'localhost', traceparent: `00-${traceId}-${spanId}-01` };

test("a prediction is spans of its caller's trace, and so is a job that a request starts, down to its command", async () => {
  const collector = await openCollector(200);
  const resource = { 'service.name': 'tidemill-test' };
  const traces = { url: collector.url, headers: { 'x-key': 'k' }, resource, share: 0 };
  const platform = await createPricePlatform({ days: walk(120), traces });
  const ask = (url: string, payload: object) =>
    platform.http.inject({ method: 'POST', url, headers, payload });
  const records = [{ symbol: 'TEST', close: 100, before: 99 }];
  const predict = '/api/v1/endpoints/forecast/predict';
  const reply = (await ask(predict, { records })).json();
  expect((await ask(predict, { records: [{ symbol: 'TEST' }] })).statusCode).toBe(400);
  await platform.services.endpoints.forceFallback(
    { name: 'forecast', enabled: true, reason: 'feed is down' },
    platform.caller,
  );
  await ask(predict, { records });
  const code = "console.log('trace ' + process.env.TRACEPARENT)";
  const command = ['node', '-e', code];
  const job = (await ask('/api/v1/jobs/command', { experiment: 'traced', command })).json();
  await until(
    () => platform.services.jobs.get({ id: job.id }, platform.caller),
    ({ state }) => state === 'succeeded',
  );
  const { content } = await platform.services.jobs.logs({ id: job.id }, platform.caller);
  let said = '';
  for await (const part of content) said += part;
  await platform.close();

  const spans = collector.spans();
  // Only the trace that somebody else had begun is kept.
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  expect(collector.received[0]).toMatchObject({ headers: { 'x-key': 'k' } });
  expect(attributesOf(collector.received[0]?.resource ?? { attributes: [] })).toMatchObject(resource);
  const route = 'POST /api/v1/endpoints/:name/predict';
  const [first, refused, ruled] = spans.filter(({ name }) => name === route);
  expect(first).toMatchObject({ kind: 2, parentSpanId: spanId, status: {} });
  expect(attributesOf(first ?? { attributes: [] })).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/api/v1/endpoints/:name/predict',
    'http.response.status_code': '200',
    'url.path': predict,
  });
  const under = (parent: { readonly spanId: string } | undefined) =>
    spans.filter(({ parentSpanId }) => parentSpanId === parent?.spanId);
  const [whole] = under(first);
  expect(whole?.name).toBe('predict forecast');
  expect(attributesOf(whole ?? { attributes: [] })).toMatchObject({
    'tidemill.endpoint': 'forecast',
    'tidemill.revision': '1',
    'tidemill.prediction.id': reply.predictions[0].id,
    'tidemill.records': '1',
  });
  const phases = under(whole);
  expect(phases.map(({ name }) => name)).toEqual(['queue', 'inference']);
  for (const { startTimeUnixNano, endTimeUnixNano } of phases) {
    expect(BigInt(startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(whole?.startTimeUnixNano ?? 0));
    expect(BigInt(endTimeUnixNano)).toBeLessThanOrEqual(BigInt(whole?.endTimeUnixNano ?? 0) + 1_000_000n);
  }
  expect(under(refused)).toMatchObject([{ name: 'predict forecast', status: { code: 2 } }]);
  const [byRule] = under(ruled);
  expect(under(byRule).map(({ name }) => name)).toEqual(['fallback']);
  expect(attributesOf(byRule ?? { attributes: [] })['tidemill.fallback.reason']).toContain('feed is down');

  const submitted = spans.find(({ name }) => name === 'POST /api/v1/jobs/command');
  const task = under(submitted).find(({ name }) => name.startsWith('task '));
  expect(task).toMatchObject({ kind: 5 });
  expect(said).toContain(`trace 00-${traceId}-${task?.spanId}-01`);
});
