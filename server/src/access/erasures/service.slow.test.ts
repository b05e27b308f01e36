// A subject erased from a whole server: what is left is looked for in the bytes of its data folder.
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Erasure, SubjectFindings } from '@tidemill/contract';
import { afterAll, expect, test } from 'vitest';
import { describeEachPlatform } from '../../testing/each-platform.ts';
import { startKillableServer } from '../../testing/killable-server.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import { createPricePlatform, walk } from '../../testing/price-platform.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { until } from '../../testing/until.ts';

/** Found in the bytes wherever it is stored, packed or not: no compression hides a text that stands alone. */
const secret = 'Zyx-4711-Erika-Mustermann';

const lines = (rows: readonly object[]) =>
  Buffer.from(`${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);

/** Every file under the folder that holds the text as it is, or a Parquet file with a row that does. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const connection = await (await DuckDBInstance.create()).connect();
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    if (bytes.includes(text)) found.push(path);
    else if (bytes.subarray(0, 4).toString() === 'PAR1') {
      const rows = await connection.runAndReadAll(
        `select 1 from read_parquet('${path}') t where contains(t::varchar, '${text}') limit 1`,
      );
      if (rows.currentRowCount > 0) found.push(path);
    }
  }
  connection.closeSync();
  return found.map((path) => path.slice(folder.length));
}

describeEachPlatform('erasing a subject', (database) => {
  const closing: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });
  const openPlatform = async (options: { dataFolder?: string } = {}): Promise<TestPlatform> => {
    const platform = await createTestPlatform({ eraseGraceMs: 0, ...options, ...(await database()) });
    closing.push(platform.close);
    return platform;
  };
  const call = async <T>(platform: TestPlatform, method: 'GET' | 'POST', url: string, payload?: object) => {
    const headers = { host: 'localhost' };
    const reply = await platform.http.inject({
      method,
      url: `/api/v1${url}`,
      headers,
      ...(payload && { payload }),
    });
    return { status: reply.statusCode, body: reply.json() as T };
  };
  const finished = (platform: TestPlatform, id: string) =>
    until(
      async () => (await call<Erasure>(platform, 'GET', `/subjects/erasures/${id}`)).body,
      ({ state }) => state === 'done',
    );
  const key = { customer: '42' };
  const erase = (platform: TestPlatform, given: object = key) =>
    call<Erasure & { wasRunning: boolean }>(platform, 'POST', '/subjects/erasures', {
      ...{ key: given, reason: 'asked by letter', confirm: true },
    });

  test('rows go from all versions, which keep their numbers; files with them go, others stay', {
    timeout: 120_000,
  }, async () => {
    const platform = await openPlatform();
    const { services, caller, folder } = platform;
    const rows = Array.from({ length: 30_000 }, (_, i) => ({
      ...{ customer: i % 5_000, order: i, name: i % 5_000 === 42 ? secret : `name ${i}`, amount: i / 7 },
    }));
    const commit = (name: string, content: Buffer, mode?: 'append') =>
      services.datasets.commit({ name, format: 'ndjson', content, ...(mode && { mode }) }, caller);
    const first = await commit('orders', lines(rows));
    // A changed row in every chunk: deltas, whose packs and sources are shared.
    await commit('orders', lines(rows.map((row) => (row.order % 900 === 0 ? { ...row, amount: -1 } : row))));
    await commit('orders', lines([{ customer: 42, order: 1e6, name: secret, amount: 1 }]), 'append');
    await commit('others', lines([{ customer: 7, name: 'x' }]));
    const names = await services.datasets.derive({ name: 'names', sql: 'select name from orders' }, caller);
    const last = await services.datasets.getVersion({ name: 'orders', version: 'latest' }, caller);
    await services.profiling.get({ name: 'orders', version: '1' }, caller);
    expect((await filesWith(folder, secret)).length).toBeGreaterThan(0);

    const found = (await call<SubjectFindings>(platform, 'POST', '/subjects/locate', { key })).body;
    expect(found.holders.find(({ holder }) => holder === 'datasets')).toMatchObject({
      error: null,
      rows: 6 + 6 + 7,
      places: [
        { what: 'dataset:orders@1', rows: 6 },
        { what: 'dataset:orders@2', rows: 6 },
        { what: 'dataset:orders@3', rows: 7 },
      ],
    });
    expect(found.derived).toEqual([names.uri]);
    expect(found.remains.length).toBeGreaterThan(3);
    // What was made of them without the key is named, and goes by its owner's hand.
    await services.datasets.delete({ name: 'names' }, caller);

    const begun = await erase(platform);
    expect(begun).toMatchObject({ status: 202, body: { state: 'running', wasRunning: false } });
    const done = await finished(platform, begun.body.id);
    expect(done).toMatchObject({ waiting: [], key: null, rows: 19, columns: ['customer'] });
    const holders = done.holders.filter(({ holder }) => holder !== 'database');
    expect(holders.map(({ holder, state, error }) => [holder, state, error])).toEqual(
      ['datasets', 'online', 'predictions', 'profiles', 'validations'].map((name) => [name, 'erased', null]),
    );
    const now = await services.datasets.getVersion({ name: 'orders', version: '1' }, caller);
    expect(now).toMatchObject({ version: 1, rows: 29_994, uri: first.uri, createdAt: first.createdAt });
    expect(now.digest).not.toBe(first.digest);
    const tombs = await call<{ items: object[] }>(platform, 'GET', '/datasets/orders/versions/1/erasures');
    expect(tombs.body.items).toMatchObject([
      { oldDigest: first.digest, newDigest: now.digest, rows: 6, erasure: done.id },
    ]);
    // The rows that are left are the same, in the same order, and every byte of them is what it should be.
    for (const version of ['1', '2', '3']) {
      const verified = await services.datasets.verify({ name: 'orders', version }, caller);
      expect(verified).toMatchObject({ damage: [], nextCursor: null });
    }
    const expected = rows.filter(({ customer }) => customer !== 42).map(({ order }) => order);
    const read = await platform.http.inject({
      url: '/api/v1/datasets/orders/versions/3/data?format=ndjson&columns=order',
      headers: { host: 'localhost' },
    });
    const left = read.body
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { order: number }).order);
    expect(left).toEqual(expected);
    expect(last.rows - left.length).toBe(7);

    // Only what was deleted and not yet collected may still be there.
    await services.garbage.collect({ apply: true, graceSeconds: 0 }, caller);
    expect(await filesWith(folder, secret)).toEqual([]);

    const again = await erase(platform);
    expect(await finished(platform, again.body.id)).toMatchObject({ rows: 0, waiting: [] });
    const audit = await services.audit.list({ action: 'subject.erased' }, caller);
    expect(JSON.stringify(audit)).not.toContain('42"');
    expect(audit.items).toHaveLength(2);
  });

  test('the online store, the prediction log and examples of failed rows are rid of it, and nobody else of anything', {
    timeout: 120_000,
  }, async () => {
    const days = walk(60);
    const platform = await createPricePlatform({ days, eraseGraceMs: 0, ...(await database()) });
    closing.push(platform.close);
    const { services, caller, folder, model, set } = platform;
    const at = new Date(Date.now() - 3_600_000).toISOString();
    const rows = [secret, 'AAPL', 'MSFT'].map((symbol, i) => ({ symbol, shop: `s${i}`, at, spend: i }));
    await services.validation.putExpectations(
      { name: 'spending', expectations: [{ kind: 'between', column: 'spend', min: 1, severity: 'warn' }] },
      caller,
    );
    const spending = await services.datasets.commit(
      { name: 'spending', format: 'ndjson', content: lines(rows) },
      caller,
    );
    const [{ id = '' } = {}] = (await services.validation.list({ name: spending.dataset }, caller)).items;
    const result = () => services.validation.get({ name: 'spending', id }, caller);
    expect(JSON.stringify(await result())).toContain(secret);
    const view = { entity: ['shop', 'symbol'], eventTime: 'at', sql: 'select * from spending' };
    await services.features.put({ name: 'spend', ...view }, caller);
    const filled = await services.features.materialize({ name: 'spend', version: '1' }, caller);
    await until(
      () => services.features.getMaterialization({ id: filled.id }, caller),
      ({ state }) => state === 'succeeded',
    );
    const predict = async (symbol: string, requestId: string) => {
      const record = { symbol, close: 100, before: 99 };
      await services.endpoints.predict(
        { name: 'forecast', records: [record], eventTime: at, requestId },
        caller,
      );
    };
    for (const symbol of [secret, 'AAPL', 'MSFT'])
      for (const n of [1, 2]) await predict(symbol, `${symbol === secret ? 'x' : symbol}-${n}`);
    const eventTime = Date.parse(at);
    const outcomes = [
      { predictionId: 'x-1-0', value: 1 },
      { entity: { symbol: secret }, eventTime, value: 2 },
      { entity: { symbol: 'AAPL' }, eventTime, value: 3 },
    ];
    await services.predictions.recordOutcomes({ name: 'forecast', outcomes }, caller);
    const log = async () =>
      (await services.predictions.list({ name: 'forecast' }, caller)).items.map((each) => [
        each.id,
        each.outcome,
      ]);
    expect(await log()).toHaveLength(6);
    expect(await filesWith(folder, secret)).not.toEqual([]);

    const key = { symbol: secret };
    const found = (await call<SubjectFindings>(platform, 'POST', '/subjects/locate', { key })).body;
    const places = found.holders.flatMap((each) => each.places.map(({ what, rows: count }) => [what, count]));
    expect(places).toEqual([
      ['dataset:spending@1', 1],
      ['view:spend@1', 1],
      ['endpoint:forecast', 2],
    ]);
    const begun = await erase(platform, key);
    const done = await finished(platform, begun.body.id);
    expect(done).toMatchObject({ waiting: [], rows: 1 + 1 + 2 + 2 });
    expect((await log()).sort()).toEqual([
      ['AAPL-1-0', 3],
      ['AAPL-2-0', 3],
      ['MSFT-1-0', null],
      ['MSFT-2-0', null],
    ]);
    expect(JSON.stringify(await result())).not.toContain(secret);
    expect((await result()).outcomes[0]).toMatchObject({ unexpected: 1, sample: [] });
    const known = await services.features.lookup(
      { name: 'spend', version: '1', entities: rows.map(({ shop, symbol }) => ({ shop, symbol })) },
      caller,
    );
    expect(known.rows.map((row) => row?.values.spend)).toEqual([undefined, 1, 2]);
    expect(await filesWith(folder, secret)).toEqual([]);

    // After a restart the log is what it was.
    const reopened = await services.predictions.counts(caller.workspace);
    expect(reopened).toMatchObject({ predictions: 4, outcomes: 1 });

    // The model learned from rows of TEST: it is named, and what it learned from has no row of it any more.
    const learned = await erase(platform, { symbol: 'TEST' });
    expect((await finished(platform, learned.body.id)).models).toEqual([`model:${model}`]);
    const emptied = await services.datasets.getVersion({ name: 'days', version: '1' }, caller);
    expect(emptied).toMatchObject({ rows: 0, uri: set.uri, columns: set.columns });
    expect(await services.datasets.verify({ name: 'days', version: '1' }, caller)).toMatchObject({
      damage: [],
    });
  });

  test('two at once are one; what fails is shown and goes on; commits meanwhile lose nothing; other workspaces keep theirs', {
    timeout: 120_000,
  }, async () => {
    const platform = await openPlatform();
    const { services, caller, folder } = platform;
    const elsewhere = { ...caller, workspace: 'elsewhere' };
    const rows = Array.from({ length: 9_000 }, (_, i) => ({
      customer: i % 3_000,
      name: i % 3_000 === 42 ? secret : 'x',
      i,
    }));
    const commit = (name: string, content: Buffer, by = caller, mode?: 'append') =>
      services.datasets.commit({ name, format: 'ndjson', content, ...(mode && { mode }) }, by);
    const first = await commit('orders', lines(rows));
    const theirs = await commit('orders', lines(rows), elsewhere);
    expect(theirs.digest).toBe(first.digest);
    await commit('log', lines([{ customer: 1, n: 0 }]));

    // A file that cannot be read keeps the erasure from ending, and says so, until it can.
    const own = await commit('own', lines([{ customer: 42, name: secret }]));
    const { paths } = await services.datasets.source(own);
    await rename(paths[0] ?? '', `${paths[0]}.away`);
    const begun = await Promise.all([erase(platform), erase(platform)]);
    expect(begun.map(({ status }) => status)).toEqual([202, 202]);
    expect(new Set(begun.map(({ body }) => body.id)).size).toBe(1);
    expect(begun.map(({ body }) => body.wasRunning).sort()).toEqual([false, true]);
    const id = begun[0]?.body.id ?? '';
    const state = async () => (await call<Erasure>(platform, 'GET', `/subjects/erasures/${id}`)).body;
    expect((await state()).key).toEqual(key);
    const failing = await until(state, ({ holders }) => holders.some(({ error }) => error !== null));
    expect(failing.waiting).toEqual(expect.arrayContaining(['datasets', 'online']));
    expect(failing.holders.find(({ holder }) => holder === 'datasets')).toMatchObject({
      state: 'waiting',
      error: expect.stringMatching(/\w/),
    });
    const appended = Array.from({ length: 5 }, (_, n) => n + 1);
    const appending = (async () => {
      for (const n of appended) await commit('log', lines([{ customer: n, n }]), caller, 'append');
      for (const n of appended)
        await commit('orders', lines([{ customer: 1, name: 'y', i: -n }]), caller, 'append');
    })();
    await rename(`${paths[0]}.away`, paths[0] ?? '');
    const done = await finished(platform, id);
    await appending;
    expect(done.holders.find(({ holder }) => holder === 'datasets')?.kept).toBeGreaterThan(0);
    expect(done.holders.find(({ holder }) => holder === 'datasets')?.attempts).toBeGreaterThan(0);
    const latest = await services.datasets.getVersion({ name: 'orders', version: 'latest' }, caller);
    expect(latest).toMatchObject({ version: 6, rows: 9_000 - 3 + 5 });
    expect(await services.datasets.getVersion({ name: 'log', version: 'latest' }, caller)).toMatchObject({
      rows: 6,
    });
    for (const [name, by] of [
      ['orders', caller],
      ['orders', elsewhere],
      ['log', caller],
    ] as const)
      for (const version of ['1', 'latest'])
        expect(await services.datasets.verify({ name, version }, by)).toMatchObject({ damage: [] });
    expect(await services.datasets.getVersion({ name: 'orders', version: '1' }, elsewhere)).toMatchObject({
      digest: theirs.digest,
      rows: 9_000,
    });
    expect((await filesWith(folder, secret)).every((path) => path.startsWith('/blobs/'))).toBe(true);

    // When theirs are erased too, nothing has them any more.
    const other = await services.erasures.erase({ key, reason: 'theirs', confirm: true }, elsewhere);
    await until(
      () => services.erasures.get({ id: other.id }, elsewhere),
      (found) => found.state === 'done',
    );
    expect(await filesWith(folder, secret)).toEqual([]);
    expect((await call(platform, 'GET', `/subjects/erasures/${other.id}`)).status).toBe(404);
  });

  test('what a killed server began, the next one ends', { timeout: 120_000 }, async () => {
    const options = await database();
    const dataFolder = await tempDir();
    const before = await createTestPlatform({ dataFolder, eraseGraceMs: 0, ...options });
    const rows = Array.from({ length: 8_000 }, (_, i) => ({
      customer: i % 4_000,
      name: i % 4_000 === 42 ? secret : 'x',
      i,
    }));
    for (let i = 0; i < 4; i += 1)
      await before.services.datasets.commit(
        {
          name: `orders${i}`,
          format: 'ndjson',
          content: lines(rows.map((row) => ({ ...row, i: row.i + i }))),
        },
        before.caller,
      );
    await before.close();
    const spec = { key, reason: 'asked by letter', confirm: true };
    const server = { ...options, eraseGraceMs: 0, leaseMs: 1_500 };
    const first = await startKillableServer(dataFolder, 'subjects.erase', spec, server);
    await sleep(60);
    await first.kill();
    for (const life of [1]) {
      const next = await startKillableServer(dataFolder, 'serve', {}, server);
      await sleep(life * 150);
      await next.kill();
    }
    const platform = await createTestPlatform({ dataFolder, ...server });
    closing.push(platform.close);
    const done = await finished(platform, first.id);
    expect(done).toMatchObject({ waiting: [], rows: 4 * 2 });
    for (let i = 0; i < 4; i += 1) {
      const name = `orders${i}`;
      expect(await platform.services.datasets.verify({ name, version: '1' }, platform.caller)).toMatchObject({
        damage: [],
      });
      const version = await platform.services.datasets.getVersion({ name, version: '1' }, platform.caller);
      expect(version.rows).toBe(7_998);
    }
    await platform.services.garbage.collect({ apply: true, graceSeconds: 0 }, platform.caller);
    expect(await filesWith(dataFolder, secret)).toEqual([]);
  });
});
