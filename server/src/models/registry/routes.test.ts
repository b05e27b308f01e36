import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

// biome-ignore lint/suspicious/noExplicitAny: replies are read as a client reads them
type Reply = Record<string, any> & { status: number };

describe('registered models by our own API', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await createTestPlatform();
  });
  afterAll(() => platform.close());

  async function call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object) {
    const reply = await platform.http.inject({
      method,
      url: `/api/v1/${path}`,
      headers: { host: 'localhost', ...(body && { 'content-type': 'application/json' }) },
      ...(body && { payload: JSON.stringify(body) }),
    });
    return { status: reply.statusCode, ...(reply.json() as object) } as Reply;
  }
  const addVersion = (name: string, source = 's3://bucket/x') =>
    platform.services.registry.versions.createVersion({ name, source }, platform.caller);

  test.each(['forecaster', 'my model', 'a@b', 'say "hi"', 'Ünï 模型', '50% off?', 'a#b'])(
    'a model may be called %s from its making to its end',
    async (name) => {
      const at = `models/${encodeURIComponent(name)}`;
      const made = await call('POST', 'models', { name, description: 'd', tags: { team: 'prices' } });
      expect(made).toMatchObject({ status: 201, name, latestVersion: 0, tags: { team: 'prices' } });
      expect(await call('POST', 'models', { name })).toMatchObject({
        status: 409,
        error: { code: 'modelExists' },
      });
      await addVersion(name);
      const version = await call('GET', `${at}/versions/latest`);
      expect(version).toMatchObject({ model: name, version: 1, source: 's3://bucket/x', digest: null });
      expect((await platform.services.registry.resolve(version.uri, 'default')).reference).toBe(
        version.reference,
      );
      expect(await call('PATCH', at, { description: 'better' })).toMatchObject({ description: 'better' });
      expect(await call('PUT', `${at}/tags/a%2Fb`, { value: '1' })).toMatchObject({
        tags: { 'a/b': '1', team: 'prices' },
      });
      expect(await call('PUT', `${at}/aliases/Champion_1`, { version: 1 })).toMatchObject({
        aliases: { Champion_1: 1 },
      });
      const staged = await call('PUT', `${at}/versions/Champion_1/stage`, { stage: 'Staging' });
      expect(staged).toMatchObject({ stage: 'Staging', aliases: ['Champion_1'] });
      expect(await call('PUT', `${at}/versions/1/tags/k`, { value: 'v' })).toMatchObject({
        tags: { k: 'v' },
      });
      expect(await call('PATCH', `${at}/versions/1`, { description: 'x' })).toMatchObject({
        description: 'x',
      });
      expect(await call('DELETE', `${at}/versions/1/tags/k`)).toEqual({ status: 200 });
      expect(await call('DELETE', `${at}/versions/1/tags/k`)).toMatchObject({
        status: 404,
        error: { code: 'tagNotFound' },
      });
      expect(await call('POST', `${at}/rename`, { newName: `${name} 2` })).toMatchObject({
        name: `${name} 2`,
        aliases: { Champion_1: 1 },
      });
      expect(await call('GET', at)).toMatchObject({ status: 404, error: { code: 'modelNotFound' } });
      const renamed = `models/${encodeURIComponent(`${name} 2`)}`;
      expect(await call('DELETE', `${renamed}/versions/1`)).toEqual({ status: 200 });
      expect(await call('DELETE', renamed)).toEqual({ status: 200 });
      expect(await call('GET', renamed)).toMatchObject({ status: 404 });
    },
  );

  test.each(['a/b', 'a:b', ' ', '..', 'a\u0000b', 'a\nb', 'x'.repeat(257), ''])('not %j', async (name) => {
    expect(await call('POST', 'models', { name })).toMatchObject({ status: 400 });
  });

  test('lists are searched by the same grammar, in pages', async () => {
    for (const name of ['list-a', 'list-b', 'list-c']) {
      await call('POST', 'models', { name, tags: { kind: name.slice(-1) } });
      await addVersion(name, `s3://bucket/${name}`);
    }
    const list = (query: string) => call('GET', `models?${query}`);
    const filter = encodeURIComponent("name LIKE 'list-%' AND tags.kind != 'b'");
    expect((await list(`filter=${filter}`)).items.map((each: Reply) => each.name)).toEqual([
      'list-a',
      'list-c',
    ]);
    const first = await list(`filter=${filter}&limit=1&orderBy=name%20DESC`);
    expect(first.items[0].name).toBe('list-c');
    const next = await list(`filter=${filter}&limit=1&orderBy=name%20DESC&cursor=${first.nextCursor}`);
    expect([next.items[0].name, next.nextCursor]).toEqual(['list-a', null]);
    const versions = await call(
      'GET',
      `model-versions?filter=${encodeURIComponent("source LIKE '%list-b'")}`,
    );
    expect(versions.items.map((each: Reply) => each.reference)).toEqual(['list-b@1']);
    expect(await list('filter=nonsense')).toMatchObject({ status: 400, error: { code: 'searchInvalid' } });
    expect(await list('cursor=nonsense')).toMatchObject({ status: 400 });
  });

  test('each change is in the audit log, with what a message to others needs', async () => {
    const name = 'audited';
    const at = `models/${name}`;
    await call('POST', 'models', { name });
    await addVersion(name);
    await call('PUT', `${at}/aliases/best`, { version: 1 });
    await call('PUT', `${at}/versions/1/stage`, { stage: 'Production', archiveExisting: true });
    await call('PUT', `${at}/versions/1/tags/k`, { value: 'v' });
    await call('DELETE', `${at}/aliases/best`);
    await call('DELETE', `${at}/versions/1`);
    await call('POST', `${at}/rename`, { newName: 'audited-2' });
    await call('DELETE', 'models/audited-2');
    const { items } = await call('GET', 'audit?limit=9');
    expect(items.map((entry: Reply) => [entry.action, entry.detail]).reverse()).toMatchObject([
      ['model.created', { name, tags: {} }],
      ['model.registered', { name, version: '1', source: 's3://bucket/x', runId: null, tags: {} }],
      ['model.aliasSet', { name, alias: 'best', version: '1' }],
      ['model.stageChanged', { name, version: '1', stage: 'Production', previous: 'None', archived: [] }],
      ['model.versionTagged', { name, version: '1', key: 'k', value: 'v' }],
      ['model.aliasDeleted', { name, alias: 'best', version: '1' }],
      ['model.versionDeleted', { name, version: '1' }],
      ['model.renamed', { name, newName: 'audited-2' }],
      ['model.deleted', { name: 'audited-2', versions: [] }],
    ]);
  });
});
