import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { until } from '../../testing/until.ts';

const folder = await createTempDir();
let platform: TestPlatform;
beforeAll(async () => {
  await writeFile(join(folder.path, 'p.csv'), 'id,price\n1,2\n');
  platform = await createTestPlatform({ sources: { roots: [folder.path] } });
});
afterAll(async () => {
  await platform.close();
  await folder.remove();
});

const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object) => {
  const url = `/api/v1/sources${path}`;
  const reply = await platform.http.inject({ method, url, ...(payload && { payload }) });
  return { status: reply.statusCode, body: reply.json() };
};
const from = { kind: 'path', path: join(folder.path, 'p.csv') };

test('a body says which kind of place it means, with the fields of that kind and no others', async () => {
  for (const place of [{ kind: 'ftp', url: 'x' }, { kind: 'http' }, { ...from, url: 'http://x' }, {}])
    expect(await call('POST', '', { name: 'p', from: place }), JSON.stringify(place)).toMatchObject({
      status: 400,
      body: { error: { code: 'requestInvalid', message: expect.stringContaining('from') } },
    });
  expect(
    await call('POST', '', { name: 'p', from: { kind: 'http', url: 'http://10.0.0.1/a.csv' } }),
  ).toMatchObject({
    status: 400,
    body: { error: { code: 'sourceRefused' } },
  });
});

test('a source lives by plain HTTP: created, changed, tested, pulled, deleted', async () => {
  expect(await call('POST', '', { name: 'p', from, schedule: { cron: '0 6 * * *' } })).toMatchObject({
    status: 201,
    body: { name: 'p', nextPullAt: expect.any(Number) },
  });
  expect(await call('PATCH', '/p', { schedule: null, mapping: 'amount=price' })).toMatchObject({
    body: { schedule: null, nextPullAt: null, mapping: 'amount=price' },
  });
  expect(await call('POST', '/p/test')).toMatchObject({
    status: 200,
    body: { columns: [{ name: 'id' }, { name: 'amount' }], rows: [{ id: 1, amount: 2 }] },
  });
  const begun = await call('POST', '/p/pulls', {});
  expect(begun).toMatchObject({ status: 202, body: { state: 'queued', source: 'p' } });
  expect(await call('GET', `/p/pulls/${begun.body.id}`)).toMatchObject({ status: 200 });
  expect(await call('GET', '/p/pulls/none')).toMatchObject({
    body: { error: { code: 'sourcePullNotFound' } },
  });
  expect(await call('GET', '')).toMatchObject({ body: { items: [{ name: 'p' }], nextCursor: null } });
  expect(await call('DELETE', '/p')).toMatchObject({ status: 200 });
  expect(await call('GET', '/p')).toMatchObject({ status: 404, body: { error: { code: 'sourceNotFound' } } });
});

test('what is pulled is held against the expectations of its dataset like any commit', async () => {
  const { services, caller } = platform;
  await services.sources.create({ name: 'checked', from: { kind: 'path', path: from.path } }, caller);
  await services.validation.putExpectations(
    { name: 'checked', expectations: [{ kind: 'between', column: 'price', max: 1 }] },
    caller,
  );
  const { id } = await services.sources.pull({ name: 'checked' }, caller);
  const ended = await until(
    () => services.sources.getPull({ name: 'checked', id }, caller),
    ({ state }) => state !== 'queued' && state !== 'running',
  );
  expect(ended).toMatchObject({
    state: 'failed',
    version: null,
    error: { message: expect.stringContaining('price') },
  });
  await expect(services.datasets.get({ name: 'checked' }, caller)).rejects.toMatchObject({
    code: 'datasetNotFound',
  });
});
