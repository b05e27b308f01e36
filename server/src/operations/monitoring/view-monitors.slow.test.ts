import { randomBytes } from 'node:crypto';
import type { Alert } from '@tidemill/contract';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPostgresThere, postgresUrl } from '../../testing/each-database.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import { until } from '../../testing/until.ts';
import { problemOfSubject } from './view-judge.ts';

const hour = 3_600_000;
/** Real time, which the tests move on. */
let ahead = 0;
const now = (): number => Date.now() + ahead;
let platform: TestPlatform;
let named = 0;

function onPlatform(options: () => Promise<{ postgres?: string }>): void {
  beforeAll(async () => {
    platform = await createTestPlatform({ clock: { now }, ...(await options()) });
  });
  afterAll(() => platform.close());
}

/** Servers take databases, not schemas. */
async function createDatabase(): Promise<{ postgres: string }> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  await client.query(`create database ${name}`);
  afterAll(async () => {
    await client.query(`drop database ${name} with (force)`);
    await client.end();
  });
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  return { postgres: url.href };
}

const iso = (time: number): string => new Date(time).toISOString();
const call = async <T>(method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string, body?: object) => {
  const reply = await platform.http.inject({ method, url: `/api/v1${url}`, ...(body && { payload: body }) });
  return { status: reply.statusCode, body: reply.json() as T };
};

/** A view `v3` of its own dataset `d3`. */
async function makeView(change: object = {}) {
  const [view, dataset] = [`v${++named}`, `d${named}`];
  const rows = [
    [1, now() - hour, 10, 'a'],
    [2, now() - 2 * hour, 20, 'b'],
    [3, now() - 30 * hour, 30, 'c'],
  ] as const;
  const commit = async (given: readonly (readonly [number, number, number | null, string])[]) => {
    const lines = given.map(([id, at, amount, city]) =>
      JSON.stringify({ id, happened: iso(at), amount, city }),
    );
    const content = Buffer.from(`${lines.join('\n')}\n`);
    await platform.services.datasets.commit({ name: dataset, format: 'ndjson', content }, platform.caller);
  };
  await commit(rows);
  const define = (more: object = {}) =>
    call('PUT', `/feature-views/${view}`, {
      sql: `select id, cast(happened as timestamp) as happened, amount, city from ${dataset}`,
      ...{ entity: ['id'], eventTime: 'happened' },
      ...change,
      ...more,
    });
  expect(await define()).toMatchObject({ status: 200 });
  const materialize = () => call('POST', `/feature-views/${view}/versions/latest/materialize`, {});
  const alerts = async (): Promise<Alert[]> =>
    (await call<{ items: Alert[] }>('GET', `/alerts?view=${view}`)).body.items;
  return { view, dataset, rows, commit, define, materialize, alerts };
}
const check = (monitor: string) =>
  call<{ results: { statistic: string; breached: boolean; view: string }[] }>(
    'POST',
    `/monitors/${monitor}/checks`,
  );
const monitorsOf = async (view: string) =>
  (await call<{ items: { name: string; automatic?: boolean }[] }>('GET', `/monitors?view=${view}`)).body
    .items;

function watchesByItself(): void {
  test('a view with an objective is watched by itself: stale, an alert with its cause, materialized, over', async () => {
    const { view, dataset, rows, commit, materialize, alerts } = await makeView({ freshness: '4h' });
    await materialize();
    const watched = await until(
      () => monitorsOf(view),
      (found) => found.length === 2,
    );
    expect(watched).toMatchObject([
      { name: `${view}.freshness`, automatic: true },
      { name: `${view}.parity`, automatic: true },
    ]);
    expect((await check(`${view}.freshness`)).body.results).toMatchObject([
      { statistic: 'age-ms', breached: false, view: `${view}@1`, endpoint: null },
    ]);
    // In this order: a look of its own between the two would know of no new event.
    await commit([...rows, [1, now() + 4 * hour, 11, 'a']]);
    ahead += 5 * hour;
    expect((await check(`${view}.freshness`)).body.results).toMatchObject([{ breached: true }]);
    const [alert] = await alerts();
    expect(alert).toMatchObject({
      ...{ state: 'open', endpoint: null, view: `${view}@1`, kind: 'freshness' },
      title: `the newest event online is 6h old, its objective is 4h: not materialized since ${dataset}@2; ${dataset}@2 has an event 1h old`,
    });
    // Nobody asks: the materialization is heard of.
    await materialize();
    const [over] = await until(alerts, (found) => found[0]?.state === 'resolved');
    expect(over).toMatchObject({ id: alert?.id, state: 'resolved' });
    expect(await alerts()).toHaveLength(1);
  });

  test('a value written past us into the online store is found and named', async () => {
    const { view, rows, materialize, alerts } = await makeView();
    await materialize();
    await until(
      () => monitorsOf(view),
      (found) => found.length === 1,
    );
    expect((await check(`${view}.parity`)).body.results.map(({ breached }) => breached)).toEqual([
      false,
      false,
    ]);
    const eventTime = rows[1][1] * 1000;
    await platform.online.write(`default/${view}@1`, [{ key: '[2]', eventTime, values: '[21,"b"]' }]);
    expect((await check(`${view}.parity`)).body.results).toMatchObject([
      { statistic: 'wrong', value: 1, breached: true, rows: 3 },
      { statistic: 'behind-ms', breached: false },
    ]);
    const [alert] = await alerts();
    expect(alert?.title).toContain('1 of 3 entities differ online: id=2: amount is 21 online and 20 offline');
    expect(alert?.causes[0]?.rows).toMatchObject([
      { entity: { id: 2 }, feature: 'amount', online: 21, offline: 20 },
    ]);
    await materialize();
    await until(alerts, (found) => found[0]?.state === 'resolved');
  });
}

describe.skipIf(!isPostgresThere)('monitors of views [postgres]', () => {
  onPlatform(createDatabase);
  watchesByItself();
});

describe('monitors of views', () => {
  onPlatform(async () => ({}));
  describe('[sqlite]', watchesByItself);

  test('being behind is no breach until it lasts longer than allowed', async () => {
    const { view, rows, commit, materialize, alerts } = await makeView();
    await materialize();
    await call('PUT', `/monitors/${view}-lag`, { view, kind: 'parity', behind: '2h', interval: '30d' });
    // Who declares a monitor has it instead of the one that declares itself.
    await until(
      () => monitorsOf(view),
      (found) => found.length === 1 && !found[0]?.automatic,
    );
    await commit([...rows, [3, now() - hour, 31, 'c']]);
    expect((await check(`${view}-lag`)).body.results).toMatchObject([
      { breached: false },
      { breached: false },
    ]);
    ahead += 3 * hour;
    expect((await check(`${view}-lag`)).body.results).toMatchObject([
      { statistic: 'wrong', breached: false },
      { statistic: 'behind-ms', value: expect.closeTo(3 * hour, -5), breached: true },
    ]);
    expect((await alerts())[0]?.title).toContain('1 of 3 entities are behind offline for longer than 2h');
    expect((await call('DELETE', `/monitors/${view}-lag`)).status).toBe(200);
    expect((await alerts())[0]).toMatchObject({ state: 'resolved' });
  });

  test('nulls beyond the share that is fine, and features that have moved', async () => {
    const { view, rows, commit, alerts } = await makeView();
    await call('PUT', `/monitors/${view}-nulls`, {
      view,
      kind: 'null-rate',
      maximum: 0.3,
      columns: ['amount'],
    });
    expect((await check(`${view}-nulls`)).body.results).toMatchObject([{ value: 0, breached: false }]);
    await commit([...rows, [4, now() - hour, null, 'a'], [5, now() - hour, null, 'a']]);
    expect((await check(`${view}-nulls`)).body.results).toMatchObject([{ value: 0.4, breached: true }]);
    expect((await alerts())[0]?.title).toContain(
      'amount is null in 2 of 5 rows offline (40 %, 30 % are fine)',
    );

    await call('PUT', `/monitors/${view}-drift`, { view, kind: 'feature-drift' });
    expect(await check(`${view}-drift`)).toMatchObject({
      status: 409,
      body: { error: { code: 'monitorNotReady' } },
    });
    await commit(
      Array.from(
        { length: 600 },
        (_, i) => [i % 7, now() - (600 - i) * 60_000, ((i * 37) % 100) + (i >= 540 ? 80 : 0), 'a'] as const,
      ),
    );
    expect((await check(`${view}-drift`)).body.results).toMatchObject([
      { column: 'amount', statistic: 'ks', breached: true },
      { column: 'city', statistic: 'chi-square', breached: false },
    ]);
  });

  test('a view that can no longer be read is an alert of its own', async () => {
    const { view, dataset, alerts } = await makeView({ freshness: '4h' });
    await until(
      () => monitorsOf(view),
      (found) => found.length === 1,
    );
    const content = Buffer.from(`${JSON.stringify({ id: 1, happened: iso(now()), city: 'a' })}\n`);
    await platform.services.datasets.commit({ name: dataset, format: 'ndjson', content }, platform.caller);
    expect((await check(`${view}.freshness`)).body.results).toMatchObject([
      { statistic: 'broken', breached: true },
    ]);
    expect((await alerts())[0]?.title).toContain(`cannot be built on ${dataset}@2`);
  });

  test('goes with the objective, and with the view', async () => {
    const { view, define } = await makeView({ freshness: '4h' });
    await until(
      () => monitorsOf(view),
      (found) => found.length === 1,
    );
    expect(await call('DELETE', `/monitors/${view}.freshness`)).toMatchObject({
      ...{ status: 409, body: { error: { code: 'monitorAutomatic' } } },
    });
    await define({ freshness: undefined });
    await until(
      () => monitorsOf(view),
      (found) => found.length === 0,
    );
    await define({ freshness: '1h' });
    await until(
      () => monitorsOf(view),
      (found) => found.length === 1,
    );
    await call('DELETE', `/feature-views/${view}`);
    await until(
      () => monitorsOf(view),
      (found) => found.length === 0,
    );
  });

  test('what cannot work is refused, by name', async () => {
    const { view } = await makeView();
    const put = (body: object) => call<{ error: { message: string } }>('PUT', '/monitors/x', body);
    expect((await put({ view, kind: 'freshness' })).body.error.message).toContain(
      'has no freshness objective',
    );
    expect(
      (await put({ view, kind: 'null-rate', maximum: 0.1, columns: ['nope'] })).body.error.message,
    ).toContain("no feature 'nope' (it has amount, city)");
    expect((await put({ view: 'nowhere', kind: 'parity' })).status).toBe(404);
    const about = (definition: object) => problemOfSubject({ kind: 'parity', ...definition });
    expect(about({})).toContain('neither');
    expect(about({ endpoint: 'a', view: 'b' })).toContain('one of them');
    expect(about({ endpoint: 'a' })).toContain("give 'view'");
    expect(about({ view: 'b', kind: 'drift' })).toContain("give 'endpoint'");
    expect(about({ view: 'b', kind: 'null-rate' })).toContain('maximum');
    expect(about({ view: 'b', interval: '1s' })).toContain('not between 1m and 30d');
    expect(about({ view: 'b', window: 30 })).toContain('endpoints');
    expect(about({ view: 'b', interval: '5m', behind: '2h' })).toBe(null);
  });
});

test('a look that the end of the server interrupts is no error', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line) => lines.push(line) });
  const stopping = await createTestPlatform({ logger });
  const { datasets, features, tasks } = stopping.services;
  const rows = Array.from({ length: 200_000 }, (_, i) => `${i},2026-01-01,${i}`);
  const content = Buffer.from(`id,seen,x\n${rows.join('\n')}\n`);
  await datasets.commit({ name: 'slow', format: 'csv', content }, stopping.caller);
  const sql = 'select id, seen, x, sum(x) over (partition by x % 7 order by id) as s from slow';
  const view = { name: 'slow', entity: ['id'], eventTime: 'seen', freshness: '1h', sql };
  await features.put(view, stopping.caller);
  await until(
    async () => (await tasks.list({ workspace: 'default', kind: 'view-check', state: 'running' })).items,
    (running) => running.length > 0,
  );
  await stopping.close();
  expect(lines.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
});
