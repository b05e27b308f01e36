import { join } from 'node:path';
import type { Source } from '@tidemill/contract';
import { describe, expect, test } from 'vitest';
import type { SourceReader } from '../../adapters/sources/sources.ts';
import { describeEachDatabase, isPostgresThere } from '../../testing/each-database.ts';
import { openFileSite } from '../../testing/file-site.ts';
import { openQueryDatabase } from '../../testing/query-database.ts';
import { openSources } from '../../testing/source-wing.ts';
import { until } from '../../testing/until.ts';

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
    await datasets.commit(
      { name: 'prices', format: 'csv', content: Buffer.from('day,close\n2024-01-01,9.5\n') },
      caller,
    );
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', version: 'prices@3' });
    site.pages['/p.csv'] = 'day,close\n2024-01-01,1.5\n2024-01-03,3\n';
    expect(await pull('prices')).toMatchObject({ state: 'succeeded', version: 'prices@4' });
    const { items } = await sources.listPulls({ name: 'prices' }, caller);
    expect(items.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'unchanged', 'succeeded']);
    expect((await sources.get({ name: 'prices' }, caller)).lastPull?.version).toBe('prices@4');
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

    test('a single column keeps its rows without a value', async () => {
      const { create, pull, rows } = await openSources((await open()).db);
      const { url } = await openQueryDatabase();
      const query = "select * from (values ('a'), (null), (''), ('b')) t(x)";
      await create({ from: { kind: 'postgres', query }, secrets: { url } });
      expect(await pull('prices')).toMatchObject({ state: 'succeeded', error: null });
      expect((await rows('prices')).map(({ x }) => x)).toEqual(['a', null, '', 'b']);
    });
  });
});
