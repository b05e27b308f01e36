import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Source, SourcePull } from '@tidemill/contract';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { createAudit, createChanges } from '../../access/audit/service.ts';
import { createLineage } from '../../access/lineage/service.ts';
import { createSecrets } from '../../access/secrets/service.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { openFilesystemBlobs } from '../../adapters/blobs/filesystem.ts';
import type { Db } from '../../adapters/db/db.ts';
import { openSourceReader } from '../../adapters/sources/reader.ts';
import type { SourceReader } from '../../adapters/sources/sources.ts';
import type { Caller } from '../../base/caller.ts';
import { createLogger } from '../../base/logger.ts';
import { createEvents } from '../../platform/events/service.ts';
import { createTasks } from '../../platform/tasks/service.ts';
import { describeEachDatabase, isPostgresThere } from '../../testing/each-database.ts';
import { openFileSite } from '../../testing/file-site.ts';
import { openQueryDatabase } from '../../testing/query-database.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { until } from '../../testing/until.ts';
import { createDatasets } from '../datasets/service.ts';
import { isEnded } from './rules.ts';
import { createSources } from './service.ts';

let workspaces = 0;
// One for all: the databases know of chunks that other tests have put there.
const blobFolder = await createTempDir();
afterAll(() => blobFolder.remove());

interface Options {
  readonly start?: boolean;
  readonly now?: { value: number };
  readonly wrap?: (reader: SourceReader) => SourceReader;
}

async function openSources(db: Db, options: Options = {}) {
  workspaces += 1;
  const caller: Caller = { actor: 'user:anna', role: 'admin', workspace: `w${workspaces}` };
  const temp = await createTempDir();
  const root = join(temp.path, 'root');
  await mkdir(root);
  const now = options.now;
  const clock = { now: () => now?.value ?? Date.now() };
  const logger = createLogger('silent');
  const events = createEvents({ db, clock, logger });
  const changes = createChanges({ db, clock, events });
  const lineage = createLineage({ db, clock });
  const analytics = await openDuckdb();
  const blobs = await openFilesystemBlobs({ root: blobFolder.path });
  const tempFolder = join(temp.path, 'tmp');
  const datasets = createDatasets({
    ...{ db, changes, lineage, clock, blobs, analytics, tempFolder },
    cacheFolder: join(temp.path, 'cache'),
    diffFolder: join(temp.path, 'diffs'),
  });
  const secrets = createSecrets({ db, clock, key: Buffer.alloc(32, 1), file: '/nonexistent' });
  const own = openSourceReader({ roots: [root], allowPrivate: true, maxBytes: 1 << 26 });
  const reader = options.wrap?.(own) ?? own;
  const boot = () => {
    const tasks = createTasks({ db, clock, logger, exclusive: true });
    const sources = createSources({
      db,
      changes,
      clock,
      tasks,
      secrets,
      analytics,
      datasets,
      reader,
      tempFolder,
    });
    return { tasks, sources };
  };
  const { tasks, sources } = boot();
  if (options.start !== false) await tasks.start();
  onTestFinished(async () => {
    await tasks.stop();
    await analytics.close();
    await temp.remove();
  });
  const settled = (pull: SourcePull) =>
    until(
      () => sources.getPull({ name: pull.source, id: pull.id }, caller),
      ({ state }) => isEnded(state),
    );
  const pull = async (name: string, input: { acceptSchema?: boolean; full?: boolean } = {}) =>
    settled(await sources.pull({ name, ...input }, caller));
  const rows = async (name: string, version = 'latest') => {
    const found = await datasets.getVersion({ name, version }, caller);
    const reply = await analytics.query({
      sql: 'select * from t',
      tables: { t: await datasets.source(found) },
    });
    return reply.rows;
  };
  const write = (name: string, text: string) => writeFile(join(root, name), text);
  const create = (input: Omit<Parameters<typeof sources.create>[0], 'name'> & { name?: string }) =>
    sources.create({ name: 'prices', ...input }, caller);
  return {
    ...{ db, sources, datasets, tasks, caller, root, write, create, pull, settled, rows, boot, lineage },
    audit: createAudit({ db }),
  };
}

describeEachDatabase('sources', (open) => {
  test('a web address becomes versions; what has not changed becomes none', async () => {
    const { create, pull, rows, sources, datasets, caller, lineage } = await openSources((await open()).db);
    const site = await openFileSite({ '/p.csv': 'day,close\n2024-01-01,1.5\n2024-01-02,2\n' });
    const source: Source = await create({ from: { kind: 'http', url: `${site.url}/p.csv?key=hidden` } });
    expect(source).toMatchObject({
      dataset: 'prices',
      mode: 'replace',
      location: `${site.url}/p.csv`,
      lastPull: null,
    });
    const first = await pull('prices');
    expect(first).toMatchObject({ state: 'succeeded', version: 'prices@1', rows: 2, error: null });
    expect(await rows('prices')).toEqual([
      { day: '2024-01-01', close: 1.5 },
      { day: '2024-01-02', close: 2 },
    ]);
    const version = await datasets.getVersion({ name: 'prices', version: 'latest' }, caller);
    expect(version.provenance).toMatchObject({
      kind: 'source',
      inputs: ['source:prices'],
      detail: { source: 'prices', location: `${site.url}/p.csv`, pull: first.id },
    });
    expect(JSON.stringify(version)).not.toContain('hidden');
    const { upstream } = await lineage.lineage({ uri: version.uri }, caller);
    expect(upstream).toMatchObject([{ from: 'source:prices', to: version.uri, relation: 'source' }]);
    expect(await pull('prices')).toMatchObject({ state: 'unchanged', version: 'prices@1', bytes: null });
    site.pages['/p.csv'] = 'day,close\n2024-01-01,1.5\n2024-01-03,3\n';
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', version: 'prices@2' });
    const { items } = await sources.listPulls({ name: 'prices' }, caller);
    expect(items.map(({ state }) => state)).toEqual(['succeeded', 'unchanged', 'succeeded']);
    expect((await sources.get({ name: 'prices' }, caller)).lastPull?.version).toBe('prices@2');
  });

  test('a pattern of files is one table; their order is that of their names', async () => {
    const { create, pull, rows, write, root } = await openSources((await open()).db);
    await write('b.csv', 'x,y\n2.5,b\n');
    await write('a.csv', 'x,y\n1,a\n');
    await create({ from: { kind: 'path', path: join(root, '*.csv') } });
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', rows: 2 });
    expect(await rows('prices')).toEqual([
      { x: 1, y: 'a' },
      { x: 2.5, y: 'b' },
    ]);
    await write('c.csv', 'x,z\n1,a\n');
    expect(await pull('prices')).toMatchObject({
      state: 'failed',
      error: { code: 'sourceRejected', message: expect.stringMatching(/c\.csv lacks 'y', unlike a\.csv/) },
    });
  });

  test('a cursor reads only rows behind it, each once, also after --full and after the dataset is gone', async () => {
    const { create, pull, rows, write, root, sources, datasets, caller } = await openSources(
      (await open()).db,
    );
    await write('log.csv', 'id,what\n1,a\n2,b\n,c\n');
    await create({ from: { kind: 'path', path: join(root, 'log.csv') }, cursor: { column: 'id' } });
    const first = await pull('prices');
    expect(first).toMatchObject({ state: 'succeeded', cursor: { column: 'id', from: null, to: '2' } });
    expect(await rows('prices')).toEqual([
      { id: 1, what: 'a' },
      { id: 2, what: 'b' },
    ]);
    await write('log.csv', 'id,what\n1,a\n2,b\n3,d\n10,e\n');
    const second = await pull('prices');
    expect(second).toMatchObject({ rows: 2, cursor: { from: '2', to: '10' }, version: 'prices@2' });
    expect((await rows('prices')).map(({ id }) => id)).toEqual([1, 2, 3, 10]);
    await write('log.csv', 'id,what\n9,late\n10,tie\n');
    expect(await pull('prices')).toMatchObject({ state: 'unchanged', rows: 0, version: 'prices@2' });
    expect((await sources.get({ name: 'prices' }, caller)).cursor?.value).toBe('10');
    expect(await pull('prices', { full: true })).toMatchObject({ rows: 2, version: 'prices@3' });
    expect((await rows('prices')).map(({ id }) => id)).toEqual([9, 10]);
    await datasets.delete({ name: 'prices' }, caller);
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', rows: 2, version: 'prices@4' });
  });

  test('changed columns stop a pull until somebody accepts just these', async () => {
    const { create, pull, rows, write, root, sources, caller, audit } = await openSources((await open()).db);
    await write('p.csv', 'id,price,note\n1,1,a\n');
    await create({ from: { kind: 'path', path: join(root, 'p.csv') } });
    await pull('prices');
    await write('p.csv', 'id,price,volume\n1,1.5,7\n');
    const stopped = await pull('prices');
    const change = {
      against: 'prices@1',
      added: [{ name: 'volume', type: 'integer' }],
      removed: [{ name: 'note', type: 'text' }],
      retyped: [{ name: 'price', before: 'integer', after: 'double' }],
    };
    expect(stopped).toMatchObject({ state: 'schema-changed', change, version: null });
    expect(await sources.test({ name: 'prices' }, caller)).toMatchObject({ change, isWhole: true });
    expect((await audit.list({ action: 'source.schema-changed' }, caller)).items).toHaveLength(1);
    expect(await rows('prices')).toEqual([{ id: 1, price: 1, note: 'a' }]);
    await write('p.csv', 'id,price,volume,more\n1,1.5,7,x\n');
    expect(await pull('prices', { acceptSchema: true })).toMatchObject({ state: 'schema-changed' });
    expect(await pull('prices', { acceptSchema: true })).toMatchObject({ state: 'succeeded' });
    expect(await rows('prices')).toEqual([{ id: 1, price: 1.5, volume: 7, more: 'x' }]);
    // Narrower values are of the wider type all the same.
    await write('p.csv', 'id,price,volume,more\n1,2,7,5\n');
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', change: null });
    expect(await rows('prices')).toEqual([{ id: 1, price: 2, volume: 7, more: '5' }]);
  });

  test('accepted columns of a source that appends are those of old and new rows', async () => {
    const { create, pull, rows, write, root } = await openSources((await open()).db);
    await write('p.csv', 'id,price,note\n1,1,a\n');
    await create({ from: { kind: 'path', path: join(root, 'p.csv') }, cursor: { column: 'id' } });
    await pull('prices');
    await write('p.csv', 'id,price,volume\n1,1,7\n2,2.5,8\n');
    expect(await pull('prices')).toMatchObject({ state: 'schema-changed' });
    expect(await pull('prices', { acceptSchema: true })).toMatchObject({
      error: null,
      state: 'succeeded',
      rows: 1,
    });
    expect(await rows('prices')).toEqual([
      { id: 1, price: 1, note: 'a', volume: null },
      { id: 2, price: 2.5, note: null, volume: 8 },
    ]);
  });

  test('with a key, rows are put in the place of those they follow; a lookback finds what came late', async () => {
    const { create, pull, rows, write, root, sources, caller } = await openSources((await open()).db);
    const from = { kind: 'path' as const, path: join(root, 'p.csv') };
    await write('p.csv', 'id,at,price\n1,2024-01-01T10:00:00Z,1\n2,2024-01-01T11:00:00.5Z,2\n');
    const cursor = { column: 'at', lookback: 3600 };
    await expect(create({ from, cursor })).rejects.toMatchObject({ code: 'sourceInvalid' });
    await expect(create({ from, cursor, key: 'id', mode: 'append' })).rejects.toMatchObject({
      code: 'sourceInvalid',
    });
    expect(await create({ from, cursor, key: 'id' })).toMatchObject({ mode: 'upsert', key: 'id' });
    await pull('prices');
    expect(await pull('prices', {})).toMatchObject({ state: 'unchanged' });
    const late = '3,2024-01-01T10:30:00Z,3\n4,2024-01-01T09:00:00Z,4\n';
    await write('p.csv', `id,at,price\n2,2024-01-01T11:00:00.5Z,9\n${late}`);
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', rows: 2, error: null });
    expect((await rows('prices')).map(({ id, price }) => [id, price])).toEqual([
      [1, 1],
      [2, 9],
      [3, 3],
    ]);
    expect((await sources.get({ name: 'prices' }, caller)).cursor?.value).toBe('2024-01-01 11:00:00.5');
    await write('p.csv', 'id,at,price\n2,2024-01-01T12:00:00Z,many\n');
    expect(await pull('prices')).toMatchObject({ state: 'schema-changed' });
    expect(await pull('prices', { acceptSchema: true })).toMatchObject({ state: 'succeeded', error: null });
    expect((await rows('prices')).map(({ id, price }) => [id, price])).toEqual([
      [1, '1'],
      [3, '3'],
      [2, 'many'],
    ]);
  });

  test('secrets are used and never shown, whatever fails', async () => {
    const { create, pull, sources, caller, audit } = await openSources((await open()).db);
    const site = await openFileSite({
      '/p.csv': ({ headers, url }, response) => {
        const isKnown = headers.authorization === 'Bearer swordfish' && url?.endsWith('?sig=trout-key');
        if (isKnown) response.writeHead(200, { 'content-type': 'text/csv' }).end('a\n1\n');
        else response.writeHead(401).end(headers.authorization);
      },
    });
    const from = { kind: 'http' as const, url: `${site.url}/p.csv` };
    const refused = create({ from, secrets: { bearer: 'wrongfish', query: 'sig=trout-key' } });
    await expect(refused).rejects.toMatchObject({
      code: 'sourceRejected',
      message: /Check the secrets bearer/,
    });
    await expect(refused).rejects.not.toThrow(/wrongfish|trout/);
    const source = await create({ from, secrets: { bearer: 'swordfish', query: 'sig=trout-key' } });
    expect(source.secrets).toEqual(['bearer', 'query']);
    expect(await pull('prices')).toMatchObject({ state: 'succeeded' });
    await expect(sources.update({ name: 'prices', secrets: { query: null } }, caller)).rejects.toMatchObject({
      code: 'sourceRejected',
    });
    expect((await sources.get({ name: 'prices' }, caller)).secrets).toEqual(['bearer', 'query']);
    await sources.update({ name: 'prices', mode: 'append' }, caller);
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', version: 'prices@2' });
    const shown = JSON.stringify([
      await sources.list({}, caller),
      await sources.listPulls({ name: 'prices' }, caller),
      await audit.list({}, caller),
    ]);
    expect(shown).not.toMatch(/swordfish|trout/);
  });

  test('one pull at a time; a cancelled one leaves the dataset and the next one free', async () => {
    const gate = Promise.withResolvers<void>();
    let isHeld = false;
    const wrap = (reader: SourceReader): SourceReader => ({
      async fetch(request) {
        if (isHeld)
          await Promise.race([
            gate.promise,
            new Promise((_, stop) => request.signal.addEventListener('abort', stop)),
          ]);
        return reader.fetch(request);
      },
    });
    const own = await openSources((await open()).db, { wrap });
    const { create, pull, write, root, sources, datasets, caller } = own;
    await write('p.csv', 'a\n1\n');
    await create({ from: { kind: 'path', path: join(root, 'p.csv') } });
    isHeld = true;
    const held = await sources.pull({ name: 'prices' }, caller);
    await expect(sources.pull({ name: 'prices' }, caller)).rejects.toMatchObject({ code: 'sourceBusy' });
    await until(
      () => sources.getPull({ name: 'prices', id: held.id }, caller),
      ({ state }) => state === 'running',
    );
    expect(await sources.cancelPull({ name: 'prices', id: held.id }, caller)).toMatchObject({
      state: 'cancelled',
    });
    isHeld = false;
    gate.resolve();
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', version: 'prices@1' });
    expect((await datasets.listVersions({ name: 'prices' }, caller)).items).toHaveLength(1);
    expect(await sources.cancelPull({ name: 'prices', id: held.id }, caller)).toMatchObject({
      state: 'cancelled',
    });
  });

  test('what fails on its way is tried again; what would fail again is told at once', async () => {
    const { create, pull } = await openSources((await open()).db);
    let failures = 0;
    const site = await openFileSite({ '/p.csv': 'a\n1\n' });
    await create({ from: { kind: 'http', url: `${site.url}/p.csv` } });
    site.pages['/p.csv'] = (_request, response) => {
      failures += 1;
      if (failures === 1) response.writeHead(503).end();
      else response.writeHead(200, { 'content-type': 'text/csv' }).end('a\n2\n');
    };
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', version: 'prices@1' });
    expect(failures).toBe(2);
    delete site.pages['/p.csv'];
    const gone = await pull('prices');
    expect(gone).toMatchObject({ state: 'failed', error: { code: 'sourceRejected' } });
    expect(gone.error?.message).toMatch(/it answers 404\. Check the address/);
  });

  test('a schedule pulls when it is due, and once for all that was missed', async () => {
    const now = { value: Date.UTC(2024, 0, 1, 5) };
    const own = await openSources((await open()).db, { now, start: false });
    const { create, write, root, sources, caller, tasks } = own;
    await write('p.csv', 'a\n1\n');
    const schedule = { cron: '30 6 * * *', timeZone: 'Europe/Berlin' };
    const source = await create({ from: { kind: 'path', path: join(root, 'p.csv') }, schedule });
    expect(source.nextPullAt).toBe(Date.UTC(2024, 0, 1, 5, 30));
    now.value = Date.UTC(2024, 0, 4, 12);
    await tasks.start();
    const pulled = await until(
      () => sources.listPulls({ name: 'prices' }, caller),
      ({ items }) => items.some(({ state }) => state === 'succeeded'),
    );
    expect(pulled.items).toMatchObject([{ trigger: 'schedule', createdBy: 'system:sources' }]);
    expect((await sources.get({ name: 'prices' }, caller)).nextPullAt).toBe(Date.UTC(2024, 0, 5, 5, 30));
    const none = await sources.update({ name: 'prices', schedule: null }, caller);
    expect(none).toMatchObject({ schedule: null, nextPullAt: null });
  });

  test('a deleted source takes its secrets and pulls with it, and leaves the versions', async () => {
    const { create, pull, write, root, sources, datasets, caller } = await openSources((await open()).db);
    await write('p.csv', 'a\n1\n');
    await create({ from: { kind: 'path', path: join(root, 'p.csv') } });
    await expect(create({ from: { kind: 'path', path: join(root, 'p.csv') } })).rejects.toMatchObject({
      code: 'sourceExists',
    });
    await pull('prices');
    await sources.delete({ name: 'prices' }, caller);
    await expect(sources.get({ name: 'prices' }, caller)).rejects.toMatchObject({ code: 'sourceNotFound' });
    expect((await datasets.get({ name: 'prices' }, caller)).latestVersion).toBe(1);
  });
});

describe.skipIf(!isPostgresThere)('a PostgreSQL query', () => {
  describeEachDatabase('as a source', (open) => {
    test('is read by its cursor, in the types of its columns', async () => {
      const { create, pull, rows } = await openSources((await open()).db);
      const { schema, url, run } = await openQueryDatabase();
      await run(
        'create table t (id bigint, amount numeric, at timestamptz, ok boolean, tags text[], note text)',
      );
      await run(
        "insert into t values (1, 1.5, '2024-01-01 10:00:00.123456+02', true, '{a,b}', 'NA'), (2, null, '2024-01-02', false, null, '')",
      );
      await create({
        from: { kind: 'postgres', query: `select * from ${schema}.t -- all of it` },
        secrets: { url },
        cursor: { column: 'at' },
      });
      expect(await pull('prices')).toMatchObject({ state: 'succeeded', rows: 2, error: null });
      expect(await rows('prices')).toEqual([
        { id: 1, amount: 1.5, at: '2024-01-01T08:00:00.123456Z', ok: true, tags: '["a","b"]', note: 'NA' },
        { id: 2, amount: null, at: expect.stringMatching(/^2024-01-0/), ok: false, tags: null, note: '' },
      ]);
      expect(await pull('prices')).toMatchObject({ state: 'unchanged', version: 'prices@1' });
      await run("insert into t values (3, 7, '2024-02-01Z', true, '{}', 'c')");
      expect(await pull('prices')).toMatchObject({ rows: 1, version: 'prices@2' });
    });
  });
});
