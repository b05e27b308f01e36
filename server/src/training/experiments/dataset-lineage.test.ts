import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

let platform: TestPlatform;
let base: string;

beforeAll(async () => {
  platform = await createTestPlatform();
  await platform.http.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(platform.http.server.address() as AddressInfo).port}`;
  for (const rows of ['1', '2']) await commit(rows);
  await send('PUT', '/api/v1/datasets/prices/tags/gold', { version: 1 });
});
afterAll(() => platform.close());

async function send(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const reply = await fetch(base + path, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
  expect(reply.status).toBeLessThan(300);
  return (await reply.json()) as Record<string, unknown>;
}
const commit = (value: string) =>
  fetch(`${base}/api/v1/datasets/prices`, {
    method: 'PUT',
    body: `a\n${value}\n`,
    headers: { 'content-type': 'text/csv' },
  });

async function logSource(source: string, source_type = 'http') {
  const created = await send('POST', '/api/2.0/mlflow/runs/create', { experiment_id: '0' });
  const { run_id } = (created.run as { info: { run_id: string } }).info;
  const dataset = { name: 'df', digest: 'abc', source_type, source };
  await send('POST', '/api/2.0/mlflow/runs/log-inputs', { run_id, datasets: [{ dataset, tags: [] }] });
  const run = (await send('GET', `/api/v1/runs/${run_id}`)) as { inputs: { dataset: string | null }[] };
  const { upstream } = (await send('GET', `/api/v1/lineage?uri=run:${run_id}`)) as {
    upstream: { from: string; relation: string }[];
  };
  return {
    dataset: run.inputs[0]?.dataset,
    from: upstream.map(({ from, relation }) => `${from} ${relation}`),
  };
}
const toSource = (path: string, at = base) => JSON.stringify({ url: `${at}/api/v1/datasets/${path}` });

test.each([
  ['prices/versions/1/data?format=parquet', 'prices@1'],
  ['prices/versions/latest/data', 'prices@2'],
  ['prices/versions/gold', 'prices@1'],
])('the address %s is the version it means now', async (path, reference) => {
  expect(await logSource(toSource(path))).toEqual({
    dataset: reference,
    from: [`dataset:${reference} input`],
  });
});

test('so is a reference, as the client wraps it', async () => {
  const found = { dataset: 'prices@2', from: ['dataset:prices@2 input'] };
  expect(await logSource('{"uri": "prices@latest"}', 'local')).toEqual(found);
  expect(await logSource('dataset:prices@2', 'code')).toEqual(found);
});

test('latest stays what it was at that moment', async () => {
  const before = await logSource(toSource('prices/versions/latest/data'));
  await commit('3');
  const after = await logSource(toSource('prices/versions/latest/data'));
  expect([before.dataset, after.dataset]).toEqual(['prices@2', 'prices@3']);
});

test.each([
  ['a version that is not there', '{"uri": "prices@99"}'],
  ['a dataset that is not there', 'dataset:nothing@1'],
  ['another host', toSource('prices/versions/1/data', 'http://other.example:4600')],
  ['another port of this machine', toSource('prices/versions/1/data', 'http://127.0.0.1:1')],
  ['somebody else', '{"uri": "s3://bucket/prices@1"}'],
])('%s stays a text', async (_what, source) => {
  expect(await logSource(source)).toEqual({ dataset: null, from: [] });
});
