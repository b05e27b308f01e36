import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestPlatform, owner, type TestPlatform } from '../../../testing/platform.ts';

let platform: TestPlatform;
const stats = { entity: ['driver_id'], eventTime: 'event_timestamp', ttl: '30d' };
const at = Math.floor(Date.now() / 1000) * 1000 - 3_600_000;
const iso = new Date(at).toISOString();

beforeAll(async () => {
  platform = await createTestPlatform();
  const { datasets, features } = platform.services;
  const content = Buffer.from(
    `driver_id,event_timestamp,conv_rate,trips,town\n1001,${iso},0.25,7,Bonn\n1002,2020-01-01T00:00:00Z,0.5,8,Ulm\n1003,${iso},0.75,,Jena\n`,
  );
  await datasets.commit({ name: 'drivers', format: 'csv', content }, owner);
  const sql = 'select driver_id, event_timestamp, conv_rate, trips from drivers';
  await features.put({ ...stats, name: 'driver_stats', sql }, owner);
  await features.put(
    { ...stats, name: 'driver_towns', sql: 'select driver_id, event_timestamp, town from drivers' },
    owner,
  );
  await features.materialize({ name: 'driver_stats', version: '1' }, owner);
  await features.materialize({ name: 'driver_towns', version: '1' }, owner);
  await features.services.put(
    {
      name: 'driver_activity',
      features: ['driver_stats:conv_rate', 'driver_towns'],
      onDemand: [{ name: 'percent', type: 'double', expression: 'conv_rate * 100.0' }],
    },
    owner,
  );
});
afterAll(() => platform.close());

async function post(url: string, payload: object, headers: Record<string, string> = {}) {
  const reply = await platform.http.inject({ method: 'POST', url, payload, headers });
  return { status: reply.statusCode, body: reply.json() };
}

test('features of several views come column by column, keys first', async () => {
  const features = ['driver_towns:town', 'driver_stats:trips', 'driver_stats@v1:conv_rate'];
  const entities = { driver_id: [1001, 1002, 1003, 9999] };
  const epoch = '1970-01-01T00:00:00Z';
  expect(await post('/get-online-features', { features, entities })).toEqual({
    status: 200,
    body: {
      metadata: { feature_names: ['driver_id', 'town', 'trips', 'conv_rate'] },
      results: [
        {
          values: [1001, 1002, 1003, 9999],
          statuses: ['PRESENT', 'PRESENT', 'PRESENT', 'PRESENT'],
          event_timestamps: [epoch, epoch, epoch, epoch],
        },
        {
          values: ['Bonn', null, 'Jena', null],
          statuses: ['PRESENT', 'OUTSIDE_MAX_AGE', 'PRESENT', 'NOT_FOUND'],
          event_timestamps: [iso, '2020-01-01T00:00:00.000Z', iso, epoch],
        },
        {
          values: [7, null, null, null],
          statuses: ['PRESENT', 'OUTSIDE_MAX_AGE', 'NULL_VALUE', 'NOT_FOUND'],
          event_timestamps: [iso, '2020-01-01T00:00:00.000Z', iso, epoch],
        },
        {
          values: [0.25, null, 0.75, null],
          statuses: ['PRESENT', 'OUTSIDE_MAX_AGE', 'PRESENT', 'NOT_FOUND'],
          event_timestamps: [iso, '2020-01-01T00:00:00.000Z', iso, epoch],
        },
      ],
    },
  });
});

test('a feature service is named by itself, and full names say the view', async () => {
  const entities = { driver_id: [1001] };
  const asked = { feature_service: 'driver_activity', entities };
  const { body } = await post('/get-online-features', asked);
  expect(body.metadata.feature_names).toEqual(['driver_id', 'conv_rate', 'town', 'percent']);
  expect(body.results.map(({ values }: { values: unknown[] }) => values[0])).toEqual([
    1001,
    0.25,
    'Bonn',
    25,
  ]);
  const full = await post('/get-online-features', { ...asked, full_feature_names: true });
  expect(full.body.metadata.feature_names).toEqual([
    ...['driver_id', 'driver_stats__conv_rate', 'driver_towns__town', 'percent'],
  ]);
});

test('an entity with a null key is nobody, and the others are answered', async () => {
  const entities = { driver_id: [null, 1001] };
  const { body } = await post('/get-online-features', { feature_service: 'driver_activity', entities });
  expect(body.results.map(({ values }: { values: unknown[] }) => values)).toEqual([
    [null, 1001],
    [null, 0.25],
    [null, 'Bonn'],
    [null, 25],
  ]);
  const statuses = body.results.map((each: { statuses: string[] }) => each.statuses);
  expect(statuses.slice(1)).toEqual(Array(3).fill(['NOT_FOUND', 'PRESENT']));
});

test.each([
  ['neither', { entities: {} }, /neither features nor feature_service/],
  ['no view', { features: ['nope:x'], entities: {} }, /no feature view 'nope'/],
  ['no feature', { features: ['driver_stats:x'], entities: {} }, /no feature 'x'.*conv_rate, trips/],
  ['what is no reference', { features: ['driver_stats'], entities: {} }, /write view:feature/],
  [
    'uneven columns',
    { features: ['driver_stats:trips'], entities: { driver_id: [1], b: [] } },
    /'b' has 0 values/,
  ],
  ['no key', { features: ['driver_stats:trips'], entities: { id: [1] } }, /'driver_id' is missing/],
  [
    'a key of another type',
    { features: ['driver_stats:trips'], entities: { driver_id: ['x'] } },
    /whole number/,
  ],
  ['rows for columns', { features: ['driver_stats:trips'], entities: [{ driver_id: 1 }] }, /entities/],
])('%s is refused', async (_, payload, message) => {
  const { status, body } = await post('/get-online-features', payload);
  expect(status === 400 || status === 404).toBe(true);
  expect(body.error.message).toMatch(message);
});

test('a key as deep as a well is refused like any other', async () => {
  const well = '['.repeat(9_000) + ']'.repeat(9_000);
  const reply = await platform.http.inject({
    ...{ method: 'POST', url: '/get-online-features', headers: { 'content-type': 'application/json' } },
    payload: `{"features":["driver_stats:trips"],"entities":{"driver_id":[${well}]}}`,
  });
  expect(reply.statusCode).toBe(400);
  expect(reply.json().error.message).toMatch(/'driver_id' is a list/);
});

test('what is pushed as columns is looked up at once', async () => {
  const df = { driver_id: [1004], event_timestamp: [iso], created: [iso], conv_rate: [0.1], trips: [1] };
  expect((await post('/push', { push_source_name: 'driver_stats', df, to: 'online' })).status).toBe(200);
  const asked = { features: ['driver_stats:conv_rate'], entities: { driver_id: [1004] } };
  expect((await post('/get-online-features', asked)).body.results[1].values).toEqual([0.1]);
  const later = { ...df, conv_rate: [0.2] };
  expect(
    (await post('/write-to-online-store', { feature_view_name: 'driver_stats', df: later })).status,
  ).toBe(200);
  expect((await post('/get-online-features', asked)).body.results[1].values).toEqual([0.2]);
  const offline = await post('/push', { push_source_name: 'driver_stats', df, to: 'offline' });
  expect(offline).toMatchObject({ status: 409, body: { error: { code: 'pushNotOffline' } } });
  expect((await post('/push', { push_source_name: 'driver_stats', df, to: 'both' })).status).toBe(400);
});

test('a view of this very moment is not of the future', async () => {
  const { features } = platform.services;
  const sql =
    "select distinct driver_id, now() at time zone 'UTC' as event_timestamp, 1 as seen from drivers";
  await features.put({ ...stats, name: 'now', sql }, owner);
  const brought = await features.materialize({ name: 'now', version: '1' }, owner);
  expect(brought).toMatchObject({ entities: 3, pending: 0 });
});

test('look-ups need no more than reading, pushes need writing', async () => {
  const { auth } = platform.services;
  const { secret } = await auth.createToken({ name: 'reader', role: 'viewer' }, owner);
  const headers = { authorization: `Bearer ${secret}` };
  const asked = { features: ['driver_stats:conv_rate'], entities: { driver_id: [1001] } };
  expect((await post('/get-online-features', asked, headers)).status).toBe(200);
  const push = { push_source_name: 'driver_stats', df: {} };
  expect((await post('/push', push, headers)).status).toBe(403);
});
