import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

let platform: TestPlatform;
let base: string;

beforeAll(async () => {
  platform = await createTestPlatform();
  await platform.http.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(platform.http.server.address() as AddressInfo).port}/api/v1/datasets/`;
});
afterAll(() => platform.close());

/** By real HTTP; without a type, as Python's `requests` sends bytes. */
async function put(path: string, body: Uint8Array | string, type?: string): Promise<Record<string, unknown>> {
  const headers = type === undefined ? {} : { 'content-type': type };
  // A text would get a media type from fetch.
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : new Uint8Array(body);
  const reply = await fetch(base + path, { method: 'PUT', body: bytes, headers });
  const found = (await reply.json()) as Record<string, unknown>;
  return { ...found, status: reply.status };
}

const csv = 'symbol,close\nAAPL,1.5\nMSFT,2.5\n';
async function toParquet(): Promise<Uint8Array> {
  await put('source', csv, 'text/csv');
  const reply = await fetch(`${base}source/versions/latest/data?format=parquet`);
  return new Uint8Array(await reply.arrayBuffer());
}

test('a Parquet buffer without a type becomes a version, the same one when it comes again', async () => {
  const parquet = await toParquet();
  const first = await put('prices', parquet);
  expect(first).toMatchObject({ status: 201, reference: 'prices@1', rows: 2, unchanged: false });
  expect(await put('prices', parquet)).toMatchObject({ reference: 'prices@1', unchanged: true });
  const typed = await put('prices', parquet, 'application/octet-stream');
  expect(typed).toMatchObject({ reference: 'prices@1', digest: first.digest });
  expect(await put('prices', csv, 'text/csv; charset=utf-8')).toMatchObject({ reference: 'prices@1' });
  expect(await put('prices?mode=append&message=more', parquet)).toMatchObject({
    status: 201,
    reference: 'prices@2',
    rows: 4,
    message: 'more',
  });
});

test('other formats by their type, or by name', async () => {
  expect(await put('lines', '{"a":1}\n{"a":2}\n', 'application/x-ndjson')).toMatchObject({ rows: 2 });
  expect(await put('list', '[{"a":1}]', 'application/json')).toMatchObject({ rows: 1 });
  expect(await put('named?format=csv', csv, 'text/plain')).toMatchObject({ rows: 2 });
});

test.each([
  ['no type and no Parquet', 'x', csv, undefined, 415, 'mediaTypeUnsupported'],
  ['a type that says nothing', 'x', csv, 'text/plain', 415, 'mediaTypeUnsupported'],
  ['nothing at all', 'x', '', undefined, 415, 'mediaTypeUnsupported'],
  ['an empty table', 'x', '', 'text/csv', 422, 'datasetFileEmpty'],
  ['Parquet that breaks off', 'x', 'PAR1 and no more', undefined, 422, 'fileUnreadable'],
  ['a name that is none', '..%2fx', csv, 'text/csv', 400, 'requestInvalid'],
  ['a parameter that is none', 'x?overwrite=1', csv, 'text/csv', 400, 'requestInvalid'],
  ['a mode that is none', 'x?mode=merge', csv, 'text/csv', 400, 'requestInvalid'],
])('refuses %s, and keeps nothing', async (_what, path, body, type, status, code) => {
  expect(await put(path, body, type)).toMatchObject({ status, error: { code } });
  expect((await fetch(`${base}x`)).status).toBe(404);
});
