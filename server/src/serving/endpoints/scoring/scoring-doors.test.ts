// MLflow's and KServe's doors over a whole server: a learned model behind an endpoint, asked as their clients do.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPricePlatform, walk } from '../../../testing/price-platform.ts';

type Platform = Awaited<ReturnType<typeof createPricePlatform>>;

describe('scoring doors', () => {
  let platform: Platform;
  let expected: number[];
  const rows = [
    { close: 100, before: 99 },
    { close: 90, before: 95 },
  ];

  beforeAll(async () => {
    platform = await createPricePlatform({ days: walk(60) });
    const records = rows.map((row) => ({ symbol: 'TEST', ...row }));
    const { predictions } = await platform.services.endpoints.predict(
      { name: 'forecast', records },
      platform.caller,
    );
    expected = predictions.map(({ value }) => value as number);
  });
  afterAll(() => platform.close());

  const post = (url: string, payload: unknown, type = 'application/json', headers: object = {}) =>
    platform.http.inject({
      ...{ method: 'POST', url },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
      headers: { host: 'localhost', 'content-type': type, ...headers },
    });
  const invocations = '/endpoints/forecast/invocations';
  const lists = rows.map(({ close, before }) => [before, close]);
  const columns = { close: [100, 90], before: [99, 95] };

  test.each([
    ['dataframe_split', { dataframe_split: { columns: ['before', 'close'], index: [0, 1], data: lists } }],
    ['dataframe_records', { dataframe_records: rows }],
    ['instances', { instances: rows }],
    ['inputs', { inputs: columns }],
    [
      'the entity beside the features',
      { dataframe_records: rows.map((row) => ({ ...row, symbol: 'TEST' })) },
    ],
    ['columns of no use', { dataframe_records: rows.map((row) => ({ ...row, other: 'x' })) }],
  ])('MLflow’s %s is answered in its shape', async (_what, body) => {
    const reply = await post(invocations, body, 'application/json; charset=utf-8');
    expect(reply.json()).toEqual({ predictions: expected });
    expect(reply.headers).toMatchObject({ 'tidemill-source': 'model', 'tidemill-model': 'forecaster@1' });
  });

  test('so is a CSV, and a version that the endpoint serves', async () => {
    const csv = `,before,close\n0,99,100\n1,"95",90\n`;
    expect((await post(invocations, csv, 'text/csv')).json()).toEqual({ predictions: expected });
    const versioned = await post('/endpoints/forecast/versions/1/invocations', { inputs: columns });
    expect(versioned.json()).toEqual({ predictions: expected });
    const other = await post('/endpoints/forecast/versions/7/invocations', { inputs: columns });
    expect([other.statusCode, other.json().error_code]).toEqual([404, 'RESOURCE_DOES_NOT_EXIST']);
  });

  test.each([
    ['no JSON', '{bad', 400, 'BAD_REQUEST', 'not JSON'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]).toString('latin1'), 400, 'BAD_REQUEST', 'JSON'],
    ['a list', '[1]', 400, 'BAD_REQUEST', 'exactly one of'],
    ['a column too few', { dataframe_records: [{ close: 1 }] }, 400, 'INVALID_PARAMETER_VALUE', "'before'"],
    [
      'text for a number',
      { inputs: { close: ['x'], before: [1] } },
      400,
      'INVALID_PARAMETER_VALUE',
      "'close'",
    ],
    ['params', { inputs: columns, params: { depth: 3 } }, 400, 'BAD_REQUEST', 'take no params (depth)'],
    [
      'many rows',
      { inputs: { close: new Array(1001).fill(1), before: new Array(1001).fill(1) } },
      413,
      'BAD_REQUEST',
      'at most 1000',
    ],
    ['a NUL', '{"inputs":{"a\\u0000":[1]}}', 400, 'BAD_REQUEST', 'NUL'],
  ])('%s is refused as MLflow does, with its reason', async (_what, body, status, code, reason) => {
    const reply = await post(invocations, body);
    expect([reply.statusCode, reply.json().error_code]).toEqual([status, code]);
    expect(reply.json().message).toContain(reason);
  });

  test.each([
    'text/plain',
    'application/json; charset=latin1',
    'application/json; format=pandas-split',
    'application/x-www-form-urlencoded',
  ])('the media type “%s” is refused in plain text', async (type) => {
    const reply = await post(invocations, '{}', type);
    expect(reply.statusCode).toBe(415);
    expect(reply.headers['content-type']).toContain('text/plain');
  });

  test('what Python calls JSON is read: NaN is a missing value', async () => {
    const reply = await post(invocations, '{"inputs": {"close": [NaN], "before": [1]}}');
    expect([reply.statusCode, reply.json().error_code]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    expect(reply.json().message).toContain("'close': it is missing");
  });

  test('a request sent again with its key is answered and logged once', async () => {
    const ids = [1, 2].map(() =>
      post(invocations, { inputs: columns }, 'application/json', { 'idempotency-key': 'k' }),
    );
    const [first, second] = (await Promise.all(ids)).map(({ headers }) => headers['tidemill-request-id']);
    expect(first).toBeTruthy();
    expect(second).toBe(first);
  });

  test('/invocations names no endpoint, and says what to do; /ping answers', async () => {
    const reply = await post('/invocations', { inputs: columns });
    expect(reply.statusCode).toBe(404);
    expect(reply.json().message).toContain('--default-endpoint');
    const ping = await platform.http.inject('/ping');
    expect([ping.statusCode, ping.body]).toEqual([200, '\n']);
  });

  test.each([
    ['instances without names', { instances: rows.map(({ close, before }) => [close, before]) }],
    ['instances with names', { instances: rows }],
    ['inputs by column', { inputs: columns }],
  ])('KServe’s %s are answered in its shape', async (_what, body) => {
    const reply = await post('/v1/models/forecast:predict', body);
    expect(reply.json()).toEqual({ predictions: expected });
  });

  test('KServe’s list of models and their readiness', async () => {
    const get = (url: string) => platform.http.inject({ url, headers: { host: 'localhost' } });
    expect((await get('/v1/models')).json()).toEqual({ models: ['forecast'] });
    expect((await get('/v1/models/forecast')).json()).toEqual({ name: 'forecast', ready: true });
    const missing = await get('/v1/models/none');
    expect([missing.statusCode, typeof missing.json().error]).toEqual([404, 'string']);
  });

  test.each([
    ['/v1/models/none:predict', { instances: [1] }, 404],
    ['/v1/models/forecast:predict', { instances: [[1]] }, 400],
    ['/v1/models/forecast:predict', { dataframe_records: rows }, 400],
    ['/v1/models/forecast:predict', '{', 400],
    ['/v1/models/forecast:explain', { instances: [[1, 2]] }, 501],
    ['/v1/models/forecast:fly', {}, 404],
    ['/v1/models/forecast', {}, 404],
  ])('POST %s with %j is refused with a text', async (url, body, status) => {
    const reply = await post(url, body);
    expect(reply.statusCode).toBe(status);
    expect(Object.keys(reply.json())).toEqual(['error']);
  });

  test('what an endpoint takes is described, and its clients are files', async () => {
    const get = (path: string) =>
      platform.http.inject({ url: `/api/v1/endpoints/forecast/${path}`, headers: { host: 'localhost' } });
    const document = (await get('openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    const { properties, required } = document.components.schemas.ForecastRecord;
    expect(required.sort()).toEqual(['before', 'close', 'symbol']);
    expect(properties.close['x-training-range'].minimum).toBeGreaterThan(50);
    expect((await get('client.ts')).body).toContain('export interface ForecastInput {');
    expect((await get('client.py')).body).toContain('class ForecastClient:');
    expect((await get('client.rb')).json().error.code).toBe('requestInvalid');
  });
});
